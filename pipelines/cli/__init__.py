"""What does a person type and see? Options, progress, tables, exit status; one file a group of commands.
May import every room, and no room imports it.
"""
