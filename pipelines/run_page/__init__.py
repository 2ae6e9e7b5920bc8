"""What does a run look like to somebody who opens a page in a browser? Makes `reports/` under the home from the
history. Asks nobody, changes nothing else, and shows no value of a row. May import everything below.
"""
