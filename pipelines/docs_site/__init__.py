"""How do the docs become one site that can be searched from a folder, without a network? Markdown, a page for each rule
with its macros, tests and findings, the line from ERP table to field of each partner, dbt's own docs; `python -m
pipelines.docs_site` builds it. May import `contract`, `erp.delivery` and `pages`.
"""
