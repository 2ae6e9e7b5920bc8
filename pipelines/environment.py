"""Environment variables for the time of a block."""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def environment(values: Mapping[str, str], restored: Collection[str] = ()) -> Iterator[None]:
    """Inside the `with` the variables have these values; after it they, and those of `restored`, are as before."""
    former = {name: os.environ.get(name) for name in (*values, *restored)}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
