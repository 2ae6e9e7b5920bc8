"""`explain`, `forget` and what it asks before, as other programs read them: as JSON."""

from typing import Any

from pipelines.explain import explain as explaining
from pipelines.forget import forget as forgetting
from pipelines.report import as_json


def explain(*given: Any, **more: Any) -> dict[str, Any]:
    return as_json(explaining.explain(*given, **more))


def forget(*given: Any, **more: Any) -> dict[str, Any]:
    return as_json(forgetting.forget(*given, **more))


def preview(*given: Any, **more: Any) -> dict[str, Any]:
    return as_json(forgetting.preview(*given, **more))
