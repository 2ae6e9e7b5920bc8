"""The door for databases: one view or SELECT a table, all read at one moment. May import `erp.delivery`."""
