"""A sample portfolio: real Berlin addresses, invented people, the troubles of real ERP exports.

`write_sample(out, units, seed)` writes a delivery in files, `write_documents(out)` the files of its documents;
`sql/core` makes the company, `sql/erp` its tables, `pitfalls.py` lists what is wrong with them on purpose, `data` holds
addresses and names with their sources. May import `erp.delivery`.
"""

from pipelines.erp.sample.documents import write_documents
from pipelines.erp.sample.portfolio import AS_OF, write_sample

__all__ = ["AS_OF", "write_documents", "write_sample"]
