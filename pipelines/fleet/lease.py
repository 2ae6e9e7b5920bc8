"""A home in an object store: one object says who has it, under which token, and which version is the home.

It is written by conditional puts alone. Each who takes it writes a higher token, so whoever had it before, hung and
comes back can neither renew it nor put anything back. Its age is told by the store's own clock.
"""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from pipelines.backup.store import Bucket
from pipelines.erp.files.remote import Remote, check_address, connected, errors_of_users
from pipelines.errors import StammdatenError

# Where the credentials of the store stand: FLEET__CREDENTIALS__AWS_ACCESS_KEY_ID and so on, or as AWS has them.
SECTION = "fleet"
POINTER = "home.json"
# Seconds that a lease lasts without being renewed, and after which one that cannot be renewed is given up.
TTL = 120.0
T = TypeVar("T")


class Held(StammdatenError):
    """Another worker has the home, and is alive."""


class Lost(StammdatenError):
    """Another worker has taken the home over: nothing of this one counts."""


@dataclass(frozen=True)
class Pointer:
    """What the object says. `version` is the manifest of the home, `former` the one before it.

    `holder` has it now (machine and folder), None: nobody. `line` is how its last command ended.
    """

    token: int = 0
    holder: str | None = None
    version: str | None = None
    former: str | None = None
    renewed: int = 0
    line: dict[str, Any] | None = None


class Lease:
    """The lease of one home, inside a `with`; nothing is taken by that."""

    def __init__(self, url: str):
        self.store = Bucket(Remote(check_address(url, SECTION), section=SECTION), "home")
        self._bucket, _, self._key = f"{url.removeprefix('s3://')}/{POINTER}".partition("/")
        self._stack = ExitStack()
        self._etag: str | None = None
        self._renewed_at = 0.0
        self.pointer = Pointer()

    def __enter__(self) -> "Lease":
        self._system = self._safely(lambda: self._stack.enter_context(connected(self.store.remote)))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def look(self) -> tuple[Pointer, float]:
        """What the object says, and its age in seconds; a home that is not there yet is a new one."""
        try:
            found = self._safely(lambda: self._call("get_object"))
        except FileNotFoundError:
            self._etag = None
            return Pointer(), 0.0
        self._etag = found["ETag"]
        there = parsedate_to_datetime(found["ResponseMetadata"]["HTTPHeaders"]["date"])
        return Pointer(**json.loads(found["text"])), (there - found["LastModified"]).total_seconds()

    def take(self, holder: Callable[[int], str]) -> Pointer:
        """Takes the home; what the object said before. One that nobody renews is waited for.

        Raises `Held` where somebody else has it and lives.
        """
        seen: Pointer | None = None
        while True:
            before, age = self.look()
            if before.holder is None or age > TTL:
                token = before.token + 1
                if self._put(replace(before, token=token, holder=holder(token), renewed=0)):
                    return before
            elif seen is not None and (seen.token, seen.renewed) != (before.token, before.renewed):
                raise Held(
                    f"{self.store.where}: another worker has this home ({before.holder}), and is at work"
                )
            else:
                seen = before
            time.sleep(TTL / 24)

    def keep(self) -> None:
        """Renews the lease when it is time. Raises `Lost` where it is another's by now, or may soon be."""
        late = time.monotonic() - self._renewed_at
        if late < TTL / 4:
            return
        try:
            is_kept = self._put(replace(self.pointer, renewed=self.pointer.renewed + 1))
        except StammdatenError:
            is_kept = late < TTL / 2
        if not is_kept:
            raise Lost(f"{self.store.where}: the lease of this home is lost; another worker goes on with it")

    def give_up(self, holder: str | None) -> None:
        """Lets go of the home as it was; `holder` is who had it before and did not let go."""
        self._put(replace(self.pointer, holder=holder))

    def put_back(self, version: str | None, line: dict[str, Any] | None) -> None:
        """Names the version that is the home now, and lets go of it. Raises `Lost` where it is another's by now."""
        last = self.pointer
        done = replace(last, holder=None, version=version or last.version, line=line or last.line)
        if not self._put(replace(done, former=last.version if version else last.former)):
            if version:
                self._remove(version)
            raise Lost(
                f"{self.store.where}: another worker has taken this home over; what this one did does not count"
            )
        if version and last.former:
            self._remove(last.former)

    def _remove(self, version: str) -> None:
        for name in (version, version.replace(".json", ".tar")):
            self.store.remove(name)

    def _put(self, pointer: Pointer) -> bool:
        """Writes the object if it is as it was when it was seen last; False where it is not."""
        condition = {"IfMatch": self._etag} if self._etag else {"IfNoneMatch": "*"}
        body = json.dumps(asdict(pointer)).encode()
        began = time.monotonic()
        found = self._safely(lambda: self._call("put_object", Body=body, **condition))
        if found is None:
            return False
        self._etag, self._renewed_at, self.pointer = found["ETag"], began, pointer
        return True

    def _call(self, method: str, **given: Any) -> Any:
        """The answer; None where a condition does not hold. Raises `FileNotFoundError` where there is no object."""
        from fsspec.asyn import sync

        async def call() -> Any:
            client = await self._system.get_s3(self._bucket)
            found = await getattr(client, method)(Bucket=self._bucket, Key=self._key, **given)
            if "Body" in found:
                async with found["Body"] as body:
                    found["text"] = await body.read()
            return found

        try:
            return sync(self._system.loop, call)
        except Exception as problem:
            code = getattr(problem, "response", {}).get("Error", {}).get("Code")
            if code in ("PreconditionFailed", "ConditionalRequestConflict", "412", "409"):
                return None
            if code in ("NoSuchKey", "404"):
                raise FileNotFoundError(self._key) from None
            raise

    def _safely(self, do: Callable[[], T]) -> T:
        """Whatever libraries raise as one sentence of ours, but for an object that is not there."""
        is_missing = False
        with errors_of_users(self.store.remote):
            try:
                return do()
            except FileNotFoundError:
                is_missing = True
        raise FileNotFoundError(self._key) if is_missing else AssertionError
