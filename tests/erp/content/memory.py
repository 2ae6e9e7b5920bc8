"""Reads a small document and then a large one, and prints how many bytes of memory the large one took more.

`python -m tests.erp.content.memory SMALL LARGE`: the paths of both (or numbers, in a database); the settings are in the
environment.
"""

import resource
import sys

from pipelines.erp.content import ContentReader, Document, content_reader

MB = 1 << 20


def most() -> int:
    """The most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def read(reader: ContentReader, name: str) -> int:
    with reader.read(Document(name, "none", name, None, None), 50 * MB) as content:
        return content.size


if __name__ == "__main__":
    small, large = sys.argv[1:]
    with content_reader() as reader:
        assert read(reader, small) == MB
        before = most()
        assert read(reader, large) == 50 * MB
    print(most() - before)
