"""Where a diff works: one at a time, nothing is left, and what is kept stays small."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.diff import workplace as module
from pipelines.diff.workplace import READ, workplace
from pipelines.errors import RunningError
from pipelines.settings import database

# A diff that is killed while a base is being copied.
KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.diff.workplace import workplace
with workplace(Path(sys.argv[1])) as place:
    (place.unpacked / "half").write_text("x")
    (place.above / "kept").mkdir(exist_ok=True)
    (place.above / "kept" / ".half").mkdir()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def built(place: module.Workplace, text: str = "base") -> None:
    """As if a base had been built there."""
    (place.home / "dbt").mkdir(exist_ok=True)
    for name in READ:
        (place.home / "dbt" / name).write_text(text)
    database(place.home).write_text(text)


def test_a_base_is_built_once(tmp_path: Path) -> None:
    with workplace(tmp_path) as place:
        assert not place.take("a")
        built(place)
        place.keep("a")
        database(place.home).write_text("head")
    with workplace(tmp_path) as place:
        assert not place.take("b")
        assert place.take("a")
        assert database(place.home).read_text() == "base"
        assert {(place.home / "dbt" / name).read_text() for name in READ} == {"base"}
        assert (place.state / READ[0]).read_text() == "base"
    assert sorted(path.name for path in (tmp_path / "diff").iterdir()) == ["kept", "lock"]


def test_only_the_last_used_bases_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "diff" / "kept"
    with workplace(tmp_path) as place:
        for number, name in enumerate("abcd"):
            built(place)
            place.keep(name)
            os.utime(kept / name, (number, number))
        assert sorted(path.name for path in kept.iterdir()) == ["b", "c", "d"]
        assert place.take("b")
        place.keep("e")
        assert sorted(path.name for path in kept.iterdir()) == ["b", "d", "e"]
        monkeypatch.setattr(module, "MOST_BYTES", 20)
        place.keep("f")
        assert [path.name for path in kept.iterdir()] == ["f"]
        monkeypatch.setattr(module, "MOST_BYTES", 2)
        place.keep("g")
        assert [path.name for path in kept.iterdir()] == ["f"]


def test_what_a_killed_diff_left_goes_with_the_next(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)  # noqa: S603
    assert done.returncode == -9
    assert (tmp_path / "diff" / "work" / "states" / "half").exists()
    with workplace(tmp_path) as place:
        assert not list(place.unpacked.iterdir())
        assert not (tmp_path / "diff" / "kept" / ".half").exists()
    assert sorted(path.name for path in (tmp_path / "diff").iterdir()) == ["kept", "lock"]


def test_a_second_diff_is_refused_while_one_works(tmp_path: Path) -> None:
    with workplace(tmp_path) as place:
        (place.unpacked / "mine").touch()
        with pytest.raises(RunningError, match="another stammdaten diff works"), workplace(tmp_path):
            pass
        assert (place.unpacked / "mine").exists()


def test_a_diff_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), workplace(tmp_path):
        raise KeyboardInterrupt
    assert [path.name for path in (tmp_path / "diff").iterdir()] == ["lock"]
