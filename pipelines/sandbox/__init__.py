"""How would a partner answer? Plays every partner from its contract on this machine, with faults on demand.
May import `contract` alone of the rooms above the ground; the partners' own `sandbox.py` stand on it.
"""
