"""How a line of `doctor` is made."""

from pipelines.reports.doctor import CheckLine


def well(what: str, text: str, subject: str | None = None) -> CheckLine:
    """All is as it should be."""
    return CheckLine(what=what, subject=subject, state="well", text=text, todo=None)


def look(what: str, text: str, todo: str, subject: str | None = None) -> CheckLine:
    """Nothing is wrong yet, or it cannot be told from here."""
    return CheckLine(what=what, subject=subject, state="look", text=text, todo=todo)


def wrong(what: str, text: str, todo: str, subject: str | None = None) -> CheckLine:
    """Somebody has to do something."""
    return CheckLine(what=what, subject=subject, state="wrong", text=text, todo=todo)
