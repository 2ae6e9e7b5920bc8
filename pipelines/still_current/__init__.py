"""Are the marts that lie there what a build would make now? A run does not build when delivery, code and settings are
those of the last build and no date in the data has passed since. May import the ledger and the contract.
"""
