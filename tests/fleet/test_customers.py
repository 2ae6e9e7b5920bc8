"""Who the customers are: what is read, and what is said of that which is wrong, without a value of a setting."""

from datetime import UTC, datetime, time
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from pipelines.errors import SettingsError
from pipelines.fleet.customers import in_order, read_customers
from pipelines.fleet.fleet import chosen, next_at
from pipelines.fleet.page import page
from pipelines.fleet.secrets import resolved
from pipelines.reports.fleet import CustomerLine, FleetReport

SECRET = "s3cr3t-t0ken"


def problem(folder: Path, text: str) -> str:
    (folder / "muster.toml").write_text(text, encoding="utf-8")
    customers, (one,) = read_customers(folder)
    assert not customers
    assert one.name == "muster"
    where, _, said = one.text.partition(": customer ")
    assert where == str(folder / "muster.toml")
    return said.partition(": ")[2]


def test_a_file_says_all_of_a_customer(tmp_path: Path) -> None:
    (tmp_path / "muster.toml").write_text(
        """
        folder = "kunden/muster"
        home = "s3://homes/muster"
        size = 500
        deadline = 06:00:00
        [settings]
        sources.erp.kind = "files"
        DESTINATION__ETG24__API_TOKEN = "env:MUSTER_ETG24"
        [settings.destination.etg24]
        base_url = "https://muster.example"
        [vars]
        partners = {etg24 = {aktiv = true}}
        """,
        encoding="utf-8",
    )
    (one,), problems = read_customers(tmp_path)
    assert not problems
    assert (one.name, one.folder, one.home) == ("muster", tmp_path / "kunden/muster", "s3://homes/muster")
    assert (one.size, one.deadline, one.is_remote) == (500, time(6), True)
    assert one.settings == {
        "SOURCES__ERP__KIND": "files",
        "DESTINATION__ETG24__API_TOKEN": "env:MUSTER_ETG24",
        "DESTINATION__ETG24__BASE_URL": "https://muster.example",
    }
    assert one.variables == {"partners": {"etg24": {"aktiv": True}}}
    assert "MUSTER_ETG24" not in repr(one)


def test_tables_say_the_same_as_files(tmp_path: Path) -> None:
    heads = ["name", "folder", "size", "deadline", "SOURCES__ERP__KIND"]
    rows = [["a", "/kunden/a", "500", "", "files"], ["b", "/kunden/b", "", "05:30", ""]]
    (tmp_path / "t.csv").write_text("\n".join(";".join(row) for row in [heads, *rows]), encoding="utf-8")
    columns = {head: [row[place] or None for row in rows] for place, head in enumerate(heads)}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    (tmp_path / "t.toml").write_text(
        '[[customers]]\nname = "a"\nfolder = "/kunden/a"\nsize = 500\nsettings = {sources.erp.kind = "files"}\n'
        '[[customers]]\nname = "b"\nfolder = "/kunden/b"\ndeadline = "05:30"\n',
        encoding="utf-8",
    )
    found = [read_customers(tmp_path / f"t.{kind}") for kind in ("csv", "parquet", "toml")]
    assert not any(problems for _, problems in found)
    shown = [
        [(c.name, c.folder, c.home, c.size, c.deadline, dict(c.settings)) for c in customers]
        for customers, _ in found
    ]
    assert shown[0] == [
        ("a", Path("/kunden/a"), "/kunden/a/.stammdaten", 500, None, {"SOURCES__ERP__KIND": "files"}),
        ("b", Path("/kunden/b"), "/kunden/b/.stammdaten", 0, time(5, 30), {}),
    ]
    assert shown[1] == shown[2] == shown[0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('hoem = "x"', "hoem: unknown; did you mean home?; there are name, folder"),
        ('home = "x"', "folder: missing"),
        ('folder = "x"\nhome = "s3://key:pass@bucket/a"', "home: a folder, or s3://BUCKET/NAME"),
        ('folder = "x"\nsize = "many"', "size: a whole number of units is needed"),
        ('folder = "x"\ndeadline = "6 am"', "deadline: no time of day; write it as 06:00"),
        ('folder = "x"\nname = "../x"', "name: small letters"),
        (
            'folder = "x"\n[settings]\nDESTINATION__ETG24__API_TOKEN = "%s"',
            "DESTINATION__ETG24__API_TOKEN: a secret",
        ),
        (
            'folder = "x"\n[settings.destination.casavi]\nkey = "%s"',
            "DESTINATION__CASAVI__KEY: a secret stands there",
        ),
        (
            'folder = "x"\n[settings]\nSOURCES__ERP__SQL__CREDENTIALS = "postgresql://u:%s@h/d"',
            "SOURCES__ERP__SQL",
        ),
        (
            'folder = "x"\n[settings.alerts.targets]\nops = "json://%s"',
            "ALERTS__TARGETS__OPS: a secret stands there",
        ),
        ('folder = "x"\n[settings]\nSTAMMDATEN_HOME = "x"', "STAMMDATEN_HOME: is said by `home`"),
        ('folder = "x"\n[settings]\nLD_PRELOAD = "x.so"', "LD_PRELOAD: unknown setting"),
        (
            'folder = "x"\n[settings]\nDESTINATION__X__A = "a\\nb"',
            "DESTINATION__X__A: a line of text is needed",
        ),
        ('folder = "%s', "cannot be read (no TOML"),
    ],
)
def test_what_is_wrong_names_file_customer_and_setting_and_no_value(
    tmp_path: Path, given: str, said: str
) -> None:
    text = problem(tmp_path, given.replace("%s", SECRET))
    assert text.startswith(said)
    assert SECRET not in text


def test_one_wrong_customer_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('folder = "a"', encoding="utf-8")
    (tmp_path / "b.toml").write_text("[", encoding="utf-8")
    customers, problems = read_customers(tmp_path)
    assert [one.name for one in customers] == ["a"]
    assert [one.name for one in problems] == ["b"]


def test_two_customers_share_neither_a_home_nor_a_name(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        home = "c" if name == "c" else "both"
        (tmp_path / f"{name}.toml").write_text(f'folder = "x"\nhome = "{home}"', encoding="utf-8")
    (tmp_path / "d.toml").write_text('folder = "x"\nname = "c"\nhome = "d"', encoding="utf-8")
    customers, problems = read_customers(tmp_path)
    assert not customers
    assert sorted(one.name for one in problems) == ["a", "b", "c"]
    assert f"home: another customer has {tmp_path / 'both'}, too" in problems[0].text


@pytest.mark.parametrize("name", ["nowhere", "empty", "table.txt"])
def test_a_folder_without_customers_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "table.txt").write_text("name", encoding="utf-8")
    with pytest.raises(SettingsError, match=name):
        read_customers(tmp_path / name)


def test_an_unknown_customer_is_refused_with_what_may_have_been_meant(tmp_path: Path) -> None:
    (tmp_path / "muster.toml").write_text('folder = "a"', encoding="utf-8")
    with pytest.raises(SettingsError, match="--only mustre: no such customer; did you mean muster"):
        chosen(tmp_path, ["mustre"])


def test_the_earliest_deadline_begins_then_the_largest(tmp_path: Path) -> None:
    lines = ["a,x,10,", "b,x,1000,", "c,x,5,06:00", "d,x,5,23:30", "e,x,50,06:00"]
    homes = [f"{line},{place}" for place, line in enumerate(lines)]
    (tmp_path / "t.csv").write_text("\n".join(["name,folder,size,deadline,home", *homes]), encoding="utf-8")
    customers, _ = read_customers(tmp_path / "t.csv")
    assert [one.name for one in in_order(customers)] == ["d", "e", "c", "b", "a"]


def test_a_deadline_is_german_time_also_in_the_night_of_the_clock_change() -> None:
    before = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight there
    assert next_at(time(6), before) == datetime(2026, 10, 25, 5, tzinfo=UTC)
    assert next_at(time(23), before) == datetime(2026, 10, 25, 22, tzinfo=UTC)


def test_references_lead_to_secrets_and_errors_hold_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER", SECRET)
    monkeypatch.setenv("ZUGANG__ETG24", "of-dlt")
    (tmp_path / "key").write_text(f"{SECRET}\n", encoding="utf-8")
    (tmp_path / "key").chmod(0o600)
    settings = {"A": "env:MUSTER", "B": f"file:{tmp_path / 'key'}", "C": "dlt:zugang.etg24", "D": "plain"}
    assert resolved("muster", settings) == {"A": SECRET, "B": SECRET, "C": "of-dlt", "D": "plain"}
    (tmp_path / "key").chmod(0o644)
    for reference, why in (
        ("env:NOBODY", "is empty, or not there"),
        ("file:key", "write the whole path"),
        (f"file:{tmp_path / 'key'}", "others may read it"),
        (f"file:{tmp_path / 'none'}", "No such file"),
    ):
        with pytest.raises(SettingsError, match=why) as caught:
            resolved("muster", {"A": reference})
        assert str(caught.value).startswith(f"customer muster: A: {reference}: ")
        assert SECRET not in str(caught.value)


def line(name: str, state: str, exit: int | None, what: str) -> CustomerLine:
    return CustomerLine(
        customer=name, state=state, exit=exit, run_id=None, begun_at=None, seconds=1.0, what=what, todo=None
    )  # type: ignore[arg-type]


def test_the_page_shows_the_worst_first_and_asks_nobody(tmp_path: Path) -> None:
    lines = (
        line("gut", "well", 0, "all"),
        line("halb", "look", 1, "<b>3</b>"),
        line("arg", "wrong", 2, "no"),
    )
    text = page(lines, datetime(2026, 11, 30, tzinfo=UTC))
    assert "2 of 3 customers need a person" in text
    assert text.index(">arg<") < text.index(">halb<") < text.index(">gut<")
    assert "<b>3</b>" not in text
    assert "default-src 'none'" in text
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert FleetReport(customers=lines, seconds=1).exit == 1
    assert FleetReport(customers=lines[:1], seconds=1).exit == 0
