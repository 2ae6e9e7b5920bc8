"""How does a home come back when its disk is lost? Writes everything that it needs, and no more, into one file
elsewhere, and puts it back. May import everything below, and asks no partner.
"""
