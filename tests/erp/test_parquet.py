"""Parquet files: every type becomes the text that the rules expect."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.erp.files.door import FilesSettings
from pipelines.erp.files.parquet_file import as_text
from pipelines.errors import DeliveryError
from tests.erp.delivery import read

BERLIN_WINTER = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["0007", "", None]), ["0007", "", None]),
        (pa.array(["Wohnung", "Lager", None]).dictionary_encode(), ["Wohnung", "Lager", None]),
        (pa.array([7, None], pa.int16()), ["7", None]),
        (pa.array([1972.0, 66.5, float("nan"), None]), ["1972", "66.5", None, None]),
        (pa.array([Decimal("1234.50"), None]), ["1234.50", None]),
        (pa.array([Decimal("815.00"), Decimal("100.00"), Decimal("0.05")]), ["815", "100", "0.05"]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([date(2026, 1, 31), date(9999, 12, 31), None]), ["2026-01-31", "9999-12-31", None]),
        (pa.array([datetime(2026, 1, 31), None], pa.timestamp("ns")), ["2026-01-31", None]),
        (pa.array([datetime(2026, 1, 31, 13, 5)], pa.timestamp("us")), ["2026-01-31 13:05:00"]),
        (pa.array([datetime(2026, 1, 31, 0, 0, 0, 500)]), ["2026-01-31 00:00:00.000500"]),
        (
            pa.array([datetime(2026, 1, 30, 23, tzinfo=UTC)], pa.timestamp("ms", tz="Europe/Berlin")),
            ["2026-01-31"],
        ),
        (
            pa.array([datetime(2025, 12, 31, 23, 30, tzinfo=UTC), None], pa.timestamp("us", tz="UTC")),
            ["2025-12-31T23:30:00+00:00", None],
        ),
        (
            pa.array([datetime(2026, 1, 1, 4, 30, tzinfo=UTC)], pa.timestamp("s", tz="America/New_York")),
            ["2026-01-01T04:30:00+00:00"],
        ),
        (pa.array([datetime(2026, 1, 31, tzinfo=UTC)], pa.timestamp("ns", tz="UTC")), ["2026-01-31"]),
        (
            pa.array([8.15e9, 8.15e14, 1e-7, 12345678901.5, 8.15e17]),
            ["8150000000", "815000000000000", "0.0000001", "12345678901.5", "8.15e+17"],
        ),
        (pa.array([1.1, None], pa.float32()), ["1.1", None]),
        (pa.array([["Keller", "Aufzug"], [], None]), ["Keller,Aufzug", "", None]),
        (pa.array([b"Gr\xc3\xbcn"], pa.binary()), ["Grün"]),
        (pa.nulls(2), [None, None]),
    ],
    ids=str,
)
def test_a_column_becomes_text(column, expected):
    assert as_text(column).to_pylist() == expected


def write(folder, table):
    (folder / "gebaeude.csv").unlink()
    pq.write_table(table, folder / "gebaeude.parquet")


def gebaeude(**more):
    return pa.table({"mandant_nr": ["001"], "we_nr": ["0123"], "Gebaeude_Nr": ["01"], **more})


def rows(folder):
    return read(FilesSettings(folder))["gebaeude"]


def test_a_parquet_file_stands_in_for_a_csv_file(folder):
    write(folder, gebaeude(baujahr=[1972], zugang_am=[date(2001, 7, 1)]))
    assert rows(folder) == [
        {
            "mandant_nr": "001",
            "we_nr": "0123",
            "gebaeude_nr": "01",
            "baujahr": "1972",
            "zugang_am": "2001-07-01",
        }
    ]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"lage": [{"x": 1}]}, "column lage holds records"),
        ({"lage": pa.array([b"\xff\xfe"])}, "column lage (binary) cannot be read as text"),
        ({"GEBAEUDE_NR": ["02"]}, "column gebaeude_nr comes more than once"),
    ],
)
def test_a_column_that_cannot_be_text_is_named(folder, more, expected):
    write(folder, gebaeude(**more))
    with pytest.raises(DeliveryError) as caught:
        rows(folder)
    assert expected in str(caught.value)


def test_a_cut_parquet_file_is_an_error(folder):
    write(folder, gebaeude())
    path = folder / "gebaeude.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DeliveryError, match=r"gebaeude\.parquet: not a complete Parquet file"):
        rows(folder)


def test_a_parquet_file_with_a_broken_page_is_an_error(folder):
    write(folder, gebaeude(bezeichnung=["Lindenhof " * 20]))
    path = folder / "gebaeude.parquet"
    content = bytearray(path.read_bytes())
    content[4:60] = b"\xff" * 56
    path.write_bytes(content)
    with pytest.raises(DeliveryError, match=r"gebaeude\.parquet: the file is damaged"):
        rows(folder)


def test_a_key_that_a_float_cannot_hold_ends_the_load(folder):
    write(folder, gebaeude().set_column(2, "gebaeude_nr", pa.array([8.15e17])))
    with pytest.raises(
        DeliveryError, match=r"^gebaeude\.parquet, row 1: column gebaeude_nr holds a number in scient"
    ):
        rows(folder)
