"""The generic sandbox with the login of the contract."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.logins import ByToken
from pipelines.sandbox.play.wire import ApiError, PartnerAnswer


class Partner(ByToken):
    """Plays `stated`."""

    demo: ClassVar[Mapping[str, str]] = {
        "client_id": "sandbox",
        "client_secret": "sandbox+st/ated=%",
        "password": "sandbox & stated",
    }

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """One sentence."""
        words = "; ".join(f"{refusal.field}: {refusal.message}" for refusal in error.refused)
        return PartnerAnswer(error.status, {"message": words or error.message}, error.headers)
