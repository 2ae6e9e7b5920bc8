"""Who runs the partners that are played on this machine, and who throws their switches? Server, pages, admin routes.
May import `contract` and `sandbox.play`; each partner's own part is found by its name.
"""
