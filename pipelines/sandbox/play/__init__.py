"""How would one partner answer? Plays it from its contract: records, lists, faults and limits, over a SQLite file.
The partners' own `sandbox.py` stand on it. Of the rooms above the ground it may import `contract` alone.
"""
