"""What became of the plan? Sends it, notes each outcome before the next, settles what a former run left,
and moves records to other ids. May import everything below: `contract`, `api`, `ledger`, `plan`.
"""
