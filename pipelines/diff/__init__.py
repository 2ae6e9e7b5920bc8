"""What would two states of the project send differently? Finds the states, keeps what was built of them, compares the
rows they would send as the plan does, and writes that for people. Builds nothing itself and never opens the database of
a home. May import everything below.
"""
