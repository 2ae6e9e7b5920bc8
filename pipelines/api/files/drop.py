"""Drops a file into a folder of a partner's server: under a temporary name, and renamed once all of it is there."""

from contextlib import suppress

from pipelines.api.files.address import Address
from pipelines.api.files.server import NotReached, connected

# What a server does not pick up yet; the same for each try, so that no halves pile up.
TEMPORARY = ".part"


class NotDropped(Exception):
    """The file is not there under its name. `is_refused`: trying again does not help (login, key, folder)."""

    def __init__(self, why: str, is_refused: bool = False):
        super().__init__(why)
        self.is_refused = is_refused


class PerhapsDropped(Exception):
    """The file may be there under its name: the answer to the renaming was lost.

    `can_be_seen`: whether the server shows its files, so that another try can tell.
    """

    def __init__(self, can_be_seen: bool):
        super().__init__("the answer to the renaming was lost")
        self.can_be_seen = can_be_seen


def drop(address: Address, name: str, content: bytes, may_be_there: bool = False) -> None:
    """Puts a file into the folder, whole or not at all.

    `may_be_there`: an earlier try was `PerhapsDropped`. Then a file that is not there under its temporary name has been
    renamed, and may have been taken: it is not dropped twice. Raises `NotDropped` or `PerhapsDropped`.
    """
    half = name + TEMPORARY
    try:
        with connected(address) as server:
            try:
                if may_be_there and not server.has(half):
                    return
                can_be_seen = server.write(half, content)
            except server.errors as problem:
                if server.says_no(problem):
                    with suppress(*server.errors):
                        server.remove(half)
                raise NotDropped(f"the file could not be written ({type(problem).__name__})") from None
            try:
                server.rename(half, name)
            except server.errors as problem:
                # An answer that says no is one; a connection that broke may have been told already.
                if not server.says_no(problem):
                    raise PerhapsDropped(can_be_seen) from None
                with suppress(*server.errors):
                    server.remove(half)
                raise NotDropped(f"the file could not be renamed ({type(problem).__name__})") from None
    except NotReached as problem:
        raise NotDropped(str(problem), problem.is_refused) from None
