"""Numbers in an order that a key decides, so that each has exactly one partner, which is never itself."""

from functools import cache

from pipelines.snapshot.key import Key


@cache
def permuted(key: Key, kind: str, size: int) -> list[int]:
    """One cycle through all numbers below `size` (Sattolo's algorithm): the partner of each by its place."""
    listed = list(range(size))
    stream = key.stream(kind, str(size), 4 * size)
    for place in range(size - 1, 0, -1):
        other = int.from_bytes(stream[4 * place : 4 * place + 4]) % place
        listed[place], listed[other] = listed[other], listed[place]
    return listed
