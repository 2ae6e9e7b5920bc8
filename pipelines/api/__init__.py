"""How does an operation become requests, and what does the answer mean? One connector for all partners, led
by their contracts; each outcome with a reason code. Knows nothing of plans, ledger or marts. May import
`contract`, `api.http` and `api.protocols`.
"""
