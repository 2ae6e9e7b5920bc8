"""Columns of a mart that name parents: which field of the partner each of them fills."""

from collections.abc import Mapping

from pipelines.contract.contract import Entity


def reference_columns(entity: Entity) -> Mapping[str, list[str]]:
    """The partner's parent field → the mart's reference columns that fill it (several are alternatives)."""
    found: dict[str, list[str]] = {}
    for parent in entity.parents:
        suffix = "external_ids" if parent.many else "external_id"
        found.setdefault(parent.field, []).append(f"{parent.entity}_{suffix}")
    return found
