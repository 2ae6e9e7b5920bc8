"""What may stand in a field? JSON Schemas out of OpenAPI and GraphQL. May import `contract.model` and what lies beside
the rooms.
"""
