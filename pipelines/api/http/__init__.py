"""How does a request go out and come back? Connections, limits, repeats, what may be read of an answer.
Knows nothing of plans, marts or entities. May import `contract`, for the limits of a partner alone.
"""
