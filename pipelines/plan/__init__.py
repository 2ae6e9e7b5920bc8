"""What differs between marts and ledger, and may it go? SQL over whole marts; `operations` is the one
writer of `sync.plan`, and guards keep back what is too large to be meant. May import `contract`, `personal`
and `ledger`.
"""
