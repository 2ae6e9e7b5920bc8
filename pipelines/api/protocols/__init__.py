"""How do partners speak, REST or GraphQL? Requests out of operations, answers as data, lists page by page,
ids that may be believed. May import `contract` and `api.http`.
"""
