"""What did runs do, and how did they end? Each run writes a file while it works; `sync.runs` has what came of all.
Removes what is old. May import everything below, and asks no partner.
"""
