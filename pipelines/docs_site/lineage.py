"""The line from ERP tables over models to the fields of a partner, out of dbt's manifest and the contract."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.contract.contract import Contract, Entity
from pipelines.erp.delivery.schema import tables
from pipelines.pages.models import Mart

Json = Mapping[str, Any]
STAGED = re.compile(r"^(?:base|stg)_erp__(.+)$")
NAMED = re.compile(r"\b([a-z_]+)\.([a-z_]+)\b")


@dataclass(frozen=True)
class Node:
    """An ERP table (with its staging), a list (seed) or a model; `file` is its SQL or CSV in the project."""

    name: str
    kind: str
    file: str


@dataclass(frozen=True)
class Field:
    """A field at the partner, the columns of the mart it is made from, and the ERP columns its description names."""

    name: str
    columns: tuple[str, ...]
    erp_columns: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Lineage:
    """One mart: `parents` are the nodes that each node is made from; the mart's own name is one of its keys."""

    mart: str
    nodes: Mapping[str, Node]
    parents: Mapping[str, tuple[str, ...]]
    fields: tuple[Field, ...]

    def depth(self, name: str) -> int:
        """0 for what the ERP delivers and for lists; one more than the deepest it is made from for a model."""
        return max((1 + self.depth(parent) for parent in self.parents.get(name, ())), default=0)


def lineage(manifest: Json, contract: Contract, entity: Entity, mart: Mart) -> Lineage:
    """What the mart of an entity is made from, and what becomes of it."""
    nodes: dict[str, Node] = {}
    parents: dict[str, tuple[str, ...]] = {}
    known = {unique: node for part in ("nodes", "sources") for unique, node in manifest[part].items()}
    by_name = {node["name"]: unique for unique, node in known.items() if node["resource_type"] == "model"}
    open_ones = [by_name[mart.name]]
    while open_ones:
        found = known[open_ones.pop()]
        node = _node(found)
        if node.name in nodes:
            continue
        nodes[node.name] = node
        above = [known[unique] for unique in found["depends_on"]["nodes"]] if node.kind == "model" else []
        parents[node.name] = tuple(sorted({_node(one).name for one in above}))
        open_ones += [one["unique_id"] for one in above]
    return Lineage(mart.name, nodes, parents, tuple(_fields(contract, entity, mart)))


def _node(found: Json) -> Node:
    """Staging is one with its ERP table: it drops and types rows, and makes no field."""
    staged = STAGED.match(found["name"])
    if staged or found["resource_type"] == "source":
        return Node(staged[1] if staged else found["name"], "erp", found["original_file_path"])
    kind = "list" if found["resource_type"] == "seed" else "model"
    return Node(found["name"], kind, found["original_file_path"])


def _fields(contract: Contract, entity: Entity, mart: Mart) -> Iterator[Field]:
    """Our id, the references to parents, and the columns that carry the partner's own names."""
    properties = contract.schema(entity.name, "create")["properties"]
    columns: dict[str, list[str]] = {}
    if entity.external_id and "external_id" in mart.columns:
        columns[entity.external_id] = ["external_id"]
    for parent in entity.parents:
        column = f"{parent.entity}_external_id{'s' if parent.many else ''}"
        if column in mart.columns and parent.field:
            columns.setdefault(parent.field, []).append(column)
    for column in mart.columns:
        if column in properties:
            columns.setdefault(column, []).append(column)
    for field, made_from in columns.items():
        meaning = " ".join(" ".join(mart.columns[column].split()) for column in made_from)
        yield Field(field, tuple(made_from), tuple(_erp_columns(meaning)), meaning)


def _erp_columns(meaning: str) -> Iterator[str]:
    known = {(name, column) for name, table in tables().items() for column in table.columns}
    for named in dict.fromkeys(NAMED.findall(meaning)):
        if named in known:
            yield ".".join(named)
