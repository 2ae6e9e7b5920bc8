"""What do partners do differently? A folder each: `contract.yaml` (the API), `__init__.py` (login and
quirks), `sandbox.py`. A connector may import `contract` and `api`; a `sandbox.py` the sandbox. Partners do
not import each other.
"""
