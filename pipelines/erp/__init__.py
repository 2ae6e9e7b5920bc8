"""How does the ERP's data come in? Three doors (`files`, `database`, `openwowi`) hand over a delivery, and
the load brings it into the raw layer as a whole or not at all. Imports its doors and the files beside the
rooms; nothing of partners.
"""
