"""Which pages are made from models, contracts and reports? `docs/partners/<partner>.md`, the tables in
`docs/add-a-partner.md` and `docs/reports.md`, the schemas in `docs/reports/`; `python -m pipelines.pages` writes them.
May import `contract`, `api` and `reports`.
"""
