"""Is all well with this installation? One line for each thing, with what to do about it; a login, and nothing else, at
partners. May import everything below, and changes nothing.
"""
