"""Where do the bytes of a document come from? A folder or ZIP, another machine, a database, OpenWOWI; what goes wrong
is the document's own fault or the source's (`reason`).

`content_reader()` gives the reader that the settings name. May import the other rooms of `erp` but `erp` itself.
"""

from pipelines.erp.content.document import Content, Document
from pipelines.erp.content.reader import ContentReader
from pipelines.erp.content.settings import content_reader
from pipelines.errors import ContentProblem

__all__ = ["Content", "ContentProblem", "ContentReader", "Document", "content_reader"]
