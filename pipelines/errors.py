"""The few exceptions a user may meet; each message says what happened, where, and what to do."""


class StammdatenError(Exception):
    """Something the user can mend. The command line prints the message alone, without a stack trace."""

    exit_code = 2


class SettingsError(StammdatenError):
    """A setting is missing or wrong; nothing was sent."""


class DeliveryError(StammdatenError):
    """The ERP delivery is incomplete or unreadable; the raw layer is as before."""


class BuildError(StammdatenError):
    """dbt could not build the marts; nothing was sent."""


class RunningError(StammdatenError):
    """Another run holds the lock."""


class BusyError(RunningError):
    """Another program holds a file that is needed, and held it as long as was waited."""


class ContentProblem(StammdatenError):
    """The bytes of one document cannot be had; `reason` is one of the codes `content_…`. Nothing else stops."""

    def __init__(self, reason: str, message: str = ""):
        super().__init__(message or reason)
        self.reason = reason


class JournalError(StammdatenError):
    """Intents or outcomes cannot be noted; what has an intent and no outcome is in doubt for the next run."""


class SentError(StammdatenError):
    """Something failed after operations had been sent; their outcomes are kept and the next run goes on from them."""

    exit_code = 1
