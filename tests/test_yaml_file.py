"""YAML that people hand in: what is read, and what is one line."""

import os
from itertools import pairwise

import pytest

from pipelines.erp.delivery.mapping import read_mapping
from pipelines.errors import SettingsError
from pipelines.yaml_file import YamlError, parse_yaml, read_yaml

LEVELS = "abcdefghi"


def repeated(form: str) -> str:
    """Nine levels, each of which repeats the one before ten times."""
    lines = ["a: &a {x: 1}"]
    lines += [
        f"{name}: &{name} {form.replace('?', ', '.join([f'*{former}'] * 10))}"
        for former, name in pairwise(LEVELS)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[" * 3000, "is nested more than 50 deep"),
        ("a: " + "{b: " * 3000, "is nested more than 50 deep"),
        (repeated("[?]"), "has more than 200,000 values, counting those that aliases repeat"),
        (repeated("{<<: [?]}"), "has more than 200,000 values, counting those that aliases repeat"),
        ("a: &a [*a]", "has an entry that is part of itself"),
        ("tables: {person: {from: a}, person: {from: b}}", "has the same entry twice"),
        ("stichtag: 2026-02-30", "holds a value that cannot be read; put it in quotes"),
        ("a: " + "9" * 5000, "holds a value that cannot be read; put it in quotes"),
        ("a: !!python/object:os.system x", "is no YAML"),
        ("a: \0", "is no YAML"),
        ("a: 1\n---\nb: 2", "is no YAML"),
        ("x" * (5 << 20), "has more than 4 MB"),
    ],
    ids=lambda value: value[:30],
)
def test_what_cannot_be_read_or_would_grow_is_one_error(text, what):
    with pytest.raises(YamlError) as caught:
        parse_yaml(text)
    assert str(caught.value) == what


def test_aliases_and_merged_maps_are_read():
    text = "a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: [{x: 1}, {x: 1}]"
    assert parse_yaml(text) == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 2},
        "c": {"x": 1, "y": 3},
        "d": [{"x": 1}, {"x": 1}],
    }


def test_a_file_may_begin_with_a_byte_order_mark_and_must_be_a_file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(path) == {"a": 1}
    path.write_bytes(b"a: \xfc\n")
    with pytest.raises(YamlError, match="is not UTF-8"):
        read_yaml(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(YamlError, match="is no file"):
        read_yaml(path)


def test_a_mapping_file_that_is_nested_is_named_with_its_line(tmp_path):
    path = tmp_path / "mapping.yaml"
    path.write_text("tables:\n  person: " + "[" * 3000, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_mapping(path)
    assert str(caught.value) == (
        "mapping.yaml, line 2: the mapping file is nested more than 50 deep; mend it"
    )
