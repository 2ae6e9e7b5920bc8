"""How does somebody work on the marts without seeing a tenant? A delivery of the home, with invented persons
in place of those in it. May import `erp`, `reports` and what is below; reads the raw layer, writes nothing
into the home.
"""
