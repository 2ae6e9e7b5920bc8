"""dormakaba resivo: everything is in the contract but credentials that reach some sites only.

Its mapping is not specified by dormakaba. Never moves anybody in or out, and never opens a door: that is done there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Answer, PartnerStopped
from pipelines.api.protocols.protocol import LookupFailed, Page
from pipelines.contract.contract import Contract, Entity, Find
from pipelines.errors import SettingsError

SITE = re.compile(r"[A-Za-z0-9-]{1,64}")


class Connector(Base):
    """Reads the sites that the setting names, one by one, where it names some: else all of the site owner."""

    def __init__(self, contract: Contract, settings: Mapping[str, str]):
        super().__init__(contract, settings)
        self.sites = tuple(dict.fromkeys(part for part in re.split(r"[\s,;]+", settings["sites"]) if part))
        self._read: list[dict[str, Any]] = []
        wrong = [site for site in self.sites if not SITE.fullmatch(site)]
        if wrong:
            raise SettingsError(
                f"DESTINATION__DORMAKABA__SITES: {wrong[0]!r} is no id of a site; write them as id, id"
            )

    def pages(self, entity: Entity, find: Find, value: Any = None) -> Iterator[Page]:
        """One page of the named sites; everything else as the contract says."""
        if not self.sites or entity.name != "liegenschaften":
            yield from super().pages(entity, find, value)
            return
        if value is None or not self._read:
            self._read = [self._site(entity, site) for site in self.sites]
            requests = len(self._read)
        else:
            requests = 0
        yield Page(Answer(200, None, {}, requests), list(self._read), len(self._read))

    def _site(self, entity: Entity, site: str) -> dict[str, Any]:
        answer, record = self.protocol.one(entity, site, None, {})
        if answer.status in (403, 404):
            why = f"DESTINATION__DORMAKABA__SITES names {site}, which is answered with {answer.status}"
            self.client.stop(f"{why}; check the id, and which sites the credentials reach")
            raise PartnerStopped(self.client.stopped or why)
        if record is None:
            raise LookupFailed(answer)
        return record
