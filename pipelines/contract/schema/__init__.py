"""What may stand in a field? JSON Schemas out of OpenAPI and GraphQL, and the SQL that finds the rows of a mart which
they refuse. May import `contract.model` and what lies beside the rooms.
"""
