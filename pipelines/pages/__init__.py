"""Which pages are made from models and contracts? `docs/partners/<partner>.md`, and the table in
`docs/add-a-partner.md`; `python -m pipelines.pages` writes them. May import `contract` and `api`.
"""
