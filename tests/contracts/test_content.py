"""The key `content` of a contract: what is read of it, and mistakes that are named."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.contract import contract as reader
from pipelines.contract.contract import Contract, ContractError, Entity, parse_contract
from pipelines.contract.model import Content

SHAPES = Path(__file__).parent.parent / "push" / "shapes"


@pytest.fixture(autouse=True)
def shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "FOLDER", SHAPES)


def parsed(change: Callable[[dict[str, Any]], object], entity: str = "dokumente") -> Contract:
    """The contract of `stored` with the content of one entity changed."""
    document = copy.deepcopy(
        yaml.safe_load((SHAPES / "stored" / "contract.yaml").read_text(encoding="utf-8"))
    )
    change(document["x-entities"][entity]["content"])
    return parse_contract("stored", document)


def test_steps_lie_before_and_after_the_record() -> None:
    entities = parsed(lambda content: None).entities
    first, second, third = (_content(entities[name]) for name in ("dokumente", "anhaenge", "belege"))
    assert [step.name for step in first.before] == ["file", "address", "bytes"]
    assert (first.before[1].path, first.before[1].template) == ("/files/{file}/upload", "/files/{id}/upload")
    assert (first.before[2].address, first.before[2].sends_bytes, first.id) == ("url", True, "file")
    assert (second.is_part, second.before, second.after) == (True, (), ())
    assert [step.name for step in third.after] == ["bytes"]
    assert (first.max_bytes, second.max_bytes) == (2_000_000, 50 * 2**20)


def _content(entity: Entity) -> Content:
    assert entity.content is not None
    return entity.content


def _put(place: str, value: Any) -> Callable[[dict[str, Any]], object]:
    def change(content: dict[str, Any]) -> None:
        *above, key = place.split(".")
        part: Any = content
        for step in above:
            part = part[int(step) if step.isdigit() else step]
        if value is ...:
            del part[key]
        else:
            part[int(key) if key.isdigit() else key] = value

    return change


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("field", ..., "content: the key 'field' is missing"),
        ("steps", ..., "content: the key 'steps' is missing"),
        ("feild", "x", "the key 'feild' is not known; did you mean field?"),
        ("steps", "file", "content.steps: a list of steps is needed"),
        ("steps.3", {"record": "xml"}, "one step {record: json} or {record: multipart} is needed"),
        ("steps.3.record", "multipart", "the bytes must go in one step; they go in bytes, record"),
        ("steps.0.name", "address", "each step needs a name of its own"),
        ("steps.0.post", "/nowhere", "post '/nowhere' is not described under paths"),
        ("steps.0.posts", "/files", "the key 'posts' is not known; did you mean post?"),
        ("steps.1.put", "/files/{fiel}/upload", "address uses {fiel}, which nothing before it keeps"),
        ("steps.2.put", "{adress}", "bytes uses {adress}, which nothing before it keeps"),
        ("steps.2.bytes", False, "to an address out of an answer nothing but the bytes is sent"),
        ("steps.2.body", {"a": "b"}, "a body needs the name of their part"),
        ("steps.0.part", "file", "part: for a step that sends bytes"),
        ("steps.1.runs_out", "yes", "runs_out is 'yes'; allowed: true, false"),
        ("id", "fiel", "content.id: no step before the record keeps 'fiel'"),
        ("field", "number", "'number' has another meaning already"),
        ("field", "filed", "the body takes no 'filed' that 'file' could stand in"),
        ("hosts", "files.example.com", "content.hosts: a list is needed"),
        ("hosts", ["https://files.example.com"], "a host such as files.example.com"),
        ("hosts", ["*"], "a host such as files.example.com"),
        ("hosts", ["*.com"], "a host such as files.example.com"),
        ("max_bytes", 0, "max_bytes is 0; a whole number of at least 1 is needed"),
        ("in_flight", True, "in_flight is True; a whole number"),
        ("remove", "/houses", "remove: delete '/houses' is not described"),
        ("remove", "/files/{datei}", "remove uses {datei}, which no step keeps"),
        ("shown", {"sha1": "x"}, "shown: 'sha1' is not known; allowed: size, sha256, md5"),
    ],
)
def test_a_mistake_is_named_with_its_place(place: str, value: Any, words: str) -> None:
    with pytest.raises(ContractError) as caught:
        parsed(_put(place, value))
    assert "partners/stored/contract.yaml: x-entities.dokumente" in str(caught.value)
    assert words in str(caught.value)
