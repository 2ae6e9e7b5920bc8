"""Which pages and data are made from models, contracts and profiles? `docs/partners/<partner>.md`, tables in
`docs/add-a-partner.md` and `docs/erp.md`, the macros that hold profiles, the shipped settings of partners;
`python -m pipelines.pages` writes them. May import `contract`, `api` and `erp.delivery`.
"""
