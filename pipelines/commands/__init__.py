"""What does a command do? Each step by step, as a report that the command line prints. May import every
room but `cli`.
"""
