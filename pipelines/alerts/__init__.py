"""Who hears of it when something is wrong, and when it is well again? What is wrong is read from the history of runs
and the schedule; each target gets one message when it begins and one when it is over. May import everything below, and
changes nothing of a run.
"""
