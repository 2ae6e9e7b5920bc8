"""Pages made from models and contracts: `docs/partners/<partner>.md`, and the table in `docs/add-a-partner.md`.

`python -m pipelines.pages` writes them; a test says whether they are fresh.
"""
