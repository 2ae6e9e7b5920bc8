"""Pages made from models and contracts: `docs/partners/<partner>.md`, the table in `docs/add-a-partner.md`,
the macros that hold profiles, and the shipped settings of partners in `dbt_project.yml`.

`python -m pipelines.pages` writes them; a test says whether they are fresh.
"""
