"""Why is this row (not) at the partner? Follows one key from the delivery to the last answer. Only reads.
May import everything below, and asks no partner.
"""
