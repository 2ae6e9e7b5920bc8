"""What does a command tell? A frozen dataclass for each, and the JSON schemas made from them; `explain` and
`forget` have theirs in their own rooms. May import everything below, and does nothing.
"""
