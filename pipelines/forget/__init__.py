"""How does a person disappear? Withdrawn at every partner, then erased from every file but the raw
delivery. May import everything below.
"""
