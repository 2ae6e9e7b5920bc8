"""C5: the floor number; vectors of the documented Wodis Sigma rule, in its order."""

from collections.abc import Callable
from typing import Any

Evaluate = Callable[..., list[Any]]

WODIS_SIGMA = {
    None: None,
    "": None,
    "Erdgeschoss, links": 0,
    "Keller, links": -1,
    "2": 2,
    "3. Etage, links": 3,
    "Dachgeschoss, mitte": None,
    "ERDGESCHOSS RECHTS": 0,
    "erdgeschoss": 0,
    "KELLER": -1,
    "Kellergeschoss": -1,
    "Erdgeschoss, Keller 2": 0,
    "Keller zu 3. Etage": -1,
    "Keller, Erdgeschoss": 0,
    "Erdgeschoss 2. Tür": 0,
    "1. Kellergeschoss": -1,
    "EG links": None,
    "EG": None,
    "DG": None,
    "Souterrain": None,
    "Hochparterre": None,
    "Untergeschoss": None,
    "1. OG rechts": 1,
    "2.OG": 2,
    "Dachgeschoss (4. OG)": 4,
    "2. UG": 2,
    "Haus 2, 1. OG": 2,
    "3-4. OG": 3,
    "0": 0,
    "-1": -1,
    "+2": 2,
    "links -1": 1,
    "10. Etage": 10,
    "001": 1,
    "1,5": 1,
    "1.5": 1,
    "-1,5": -1,
    "   ": None,
    " 2 ": 2,
    "\u00a0-1\u2003": -1,
    "\u00a0": None,
    "Erdgeschoß": None,
    "ERDGESCHOẞ": None,
    "Maisonette": None,
    " Dritte Garage von links": None,
    "Wohnung 02 DG": 2,
    "GE 2": 2,
    "WE 01 · Dachgeschoss links": 1,
    "٢": None,
    "²": None,
    "Ebene 99999999999": None,
}


def test_the_wodis_sigma_rule_gives_the_documented_floor(evaluate: Evaluate) -> None:
    rule = "{{ etagennummer(clean_text('lage'), 'null', \"'wodis_sigma'\") }}"

    found = evaluate(rule, list(WODIS_SIGMA), columns={"lage": "varchar"})

    assert dict(zip(WODIS_SIGMA, found, strict=True)) == WODIS_SIGMA


def test_other_erps_use_their_own_floor_where_they_have_one(evaluate: Evaluate) -> None:
    rule = "{{ etagennummer('lage', 'etage', 'erp') }}"
    columns = {"lage": "varchar", "etage": "bigint", "erp": "varchar"}
    rows = [
        ("3. OG", 7, "wodis_sigma"),
        ("3. OG", 7, "wodis_yuneo"),
        ("Erdgeschoss", -2, "relion"),
        ("3. OG", None, "gap_immotion"),
        ("Keller", None, "uts_karthago"),
        (None, 0, "sap_blue_eagle"),
    ]

    assert evaluate(rule, rows, columns=columns) == [3, 7, -2, 3, -1, 0]
