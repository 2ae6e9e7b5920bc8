"""What is personal, whose record is it, and how is it masked? Reads contracts and the YAML of marts, and
asks no partner. May import `contract`.
"""
