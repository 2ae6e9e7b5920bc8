"""How do marts come from another engine than DuckDB? The raw layer goes there as Parquet, and marts come back so.

The models are the same (macros/engine, macros/spark, docs/engines.md); what another engine built is taken whole, or
refused with what is missing. It may import `commands` and all below it.
"""
