"""What does each partner hold, as far as it has confirmed it, and what is on its way? The ledger in DuckDB,
the journal in SQLite, and which system they speak of. May import `contract` and `api`.
"""
