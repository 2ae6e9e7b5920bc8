"""The door for CSV, Parquet and Excel files, in a folder, a ZIP or on another machine. Nothing in them is
trusted. May import `erp.delivery`.
"""
