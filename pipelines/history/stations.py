"""Where rows are counted on their way, as `sync.run_flow` names it, and a state that is none of the ledger."""

# Stations of a row: as it was delivered, kept from going on by a rule, living, and in the mart of an entity.
RAW, DROPPED, LIVING, MART = "raw", "dropped", "living", "mart"
HELD = "held"
