"""The door for the REST API of the ERP WOWIPORT (docs/openwowi.md). May import `erp.delivery` and the
Parquet reader of `erp.files`.
"""
