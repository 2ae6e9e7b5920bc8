"""What does a partner's API look like? Reads `contract.yaml` into frozen data: entities, fields, limits,
how well each is known. The ground floor, on which sandbox, pages and tests stand too: it imports nothing
but the files beside the rooms.
"""
