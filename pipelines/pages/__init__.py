"""Which pages and data are made from models, contracts, profiles and reports? `docs/partners/<partner>.md`, tables in
`docs/add-a-partner.md`, `docs/erp.md` and `docs/reports.md`, the schemas in `docs/reports/`, the macros that hold
profiles, the shipped settings of partners; `python -m pipelines.pages` writes them. May import `contract`, `api`,
`erp.delivery` and `reports`.
"""
