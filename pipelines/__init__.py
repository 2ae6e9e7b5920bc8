"""Master data of a housing ERP, pushed to partners' APIs. The rooms are described in docs/how-it-works.md."""

import os

# Arrow's own pool keeps some megabytes for each thread that reads or writes rows; it is asked when Arrow is loaded.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
