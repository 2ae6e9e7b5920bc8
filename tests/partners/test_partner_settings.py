"""A wrong partner setting stops dbt with one line that names it, what is allowed and where to set it."""

from typing import Any

import pytest

from pipelines.contract.contract import partners
from tests.conftest import message_of

GOOD = {"aktiv": True, "separator": "/", "mandanten": "alle"}
NUMBERS = 'a list of Mandant numbers as text such as ["001", "002"], or the word alle alone'

WRONG = {
    "a list instead of a mapping": (["etg24"], "partners is ['etg24']; allowed: a mapping"),
    "an unknown partner": (
        {"etg42": GOOD},
        f"partners.etg42 is an unknown partner; allowed: {', '.join(partners())};",
    ),
    "no mapping": (
        {"etg24": True},
        "partners.etg24 is True; allowed: a mapping with aktiv, separator and mandanten;",
    ),
    "an unknown key": (
        {"etg24": {**GOOD, "seperator": "-"}},
        "partners.etg24.seperator is an unknown setting; allowed: aktiv, separator, mandanten, stimmen_nach_mea, "
        "nur_objekte, ohne_objekte;",
    ),
    "no aktiv": ({"kiwi": {"separator": "-"}}, "partners.kiwi.aktiv is not set; allowed: true, false;"),
    "aktiv as text": ({"kiwi": {**GOOD, "aktiv": "ja"}}, "partners.kiwi.aktiv is ja; allowed: true, false;"),
    "an unknown separator": (
        {"etg24": {**GOOD, "separator": "#"}},
        "partners.etg24.separator is #; allowed: - _ . / |;",
    ),
    "two separators": (
        {"etg24": {**GOOD, "separator": "//"}},
        "partners.etg24.separator is //; allowed: - _ . / |;",
    ),
    "no separator": (
        {"etg24": {"aktiv": True, "mandanten": "alle"}},
        "partners.etg24.separator is not set; allowed: - _ . / |;",
    ),
    "no Mandanten": (
        {"etg24": {"aktiv": True, "separator": "-"}},
        f"partners.etg24.mandanten is not set; allowed: {NUMBERS};",
    ),
    "an empty list": (
        {"etg24": {**GOOD, "mandanten": []}},
        f"partners.etg24.mandanten is an empty list; allowed: {NUMBERS};",
    ),
    "a number that is no text": (
        {"etg24": {**GOOD, "mandanten": ["001", 2]}},
        f"partners.etg24.mandanten is 2; allowed: {NUMBERS};",
    ),
    "one number without a list": (
        {"etg24": {**GOOD, "mandanten": "001"}},
        f"partners.etg24.mandanten is 001; allowed: {NUMBERS};",
    ),
    "alle beside numbers": (
        {"etg24": {**GOOD, "mandanten": ["001", "alle"]}},
        f"partners.etg24.mandanten is alle beside numbers; allowed: {NUMBERS};",
    ),
    "an id that is no list": (
        {"etg24": {**GOOD, "nur_objekte": "001/0007/01"}},
        'partners.etg24.nur_objekte is 001/0007/01; allowed: null, or a list of ids as text such as ["001/0007/01"];',
    ),
    "an empty list of ids": (
        {"etg24": {**GOOD, "ohne_objekte": []}},
        "partners.etg24.ohne_objekte is an empty list; allowed: null, or a list of ids as text",
    ),
    "an id that is a number": (
        {"etg24": {**GOOD, "ohne_objekte": [7]}},
        "partners.etg24.ohne_objekte is a list with 7; allowed: null, or a list of ids as text",
    ),
    "votes as text": (
        {"etg24": {**GOOD, "stimmen_nach_mea": "ja"}},
        "partners.etg24.stimmen_nach_mea is ja; allowed: true, false;",
    ),
    "a kind of contact as text": (
        {"facilioo": {**GOOD, "kontaktart_festnetz": "zwei"}},
        "partners.facilioo.kontaktart_festnetz is zwei; allowed: id number or null, a whole number from 1;",
    ),
    "no kind of contact for e-mails": (
        {"facilioo": {**GOOD, "kontaktart_email": None}},
        "partners.facilioo.kontaktart_email is not set; allowed: id number, a whole number from 1;",
    ),
    "a Projekt that is no number": (
        {"facilioo": {**GOOD, "projekte": {"001/0007": "4711"}}},
        "partners.facilioo.projekte.001/0007 is 4711; allowed: a whole number from 1;",
    ),
    "a list of Projekte": (
        {"facilioo": {**GOOD, "projekte": [4711]}},
        """partners.facilioo.projekte is [4711]; allowed: null, or ids of the partner by our id such as""",
    ),
    "documents as text": (
        {"facilioo": {**GOOD, "dokumente": "ja"}},
        "partners.facilioo.dokumente is ja; allowed: false, true;",
    ),
    "an unknown separator of documents": (
        {"facilioo": {**GOOD, "dokumente_separator": "#"}},
        "partners.facilioo.dokumente_separator is #; allowed: - _ . / |;",
    ),
    "no Mandanten of documents": (
        {"facilioo": {**GOOD, "dokumente_mandanten": []}},
        f"partners.facilioo.dokumente_mandanten is an empty list; allowed: {NUMBERS};",
    ),
    "a day that there is not": (
        {"idwell": {**GOOD, "dokumente_ab": "2023-02-29"}},
        "partners.idwell.dokumente_ab is 2023-02-29; allowed: null, or a day such as 2024-01-31;",
    ),
    "an archive that is no list": (
        {"spiribo": {**GOOD, "dokumente_archive": "Mietakten"}},
        "partners.spiribo.dokumente_archive is Mietakten; allowed: null, or a list of names;",
    ),
    "an index without a name": (
        {"spiribo": {**GOOD, "dokumente_index_ve": ""}},
        "partners.spiribo.dokumente_index_ve is empty or no text; allowed: text;",
    ),
    "a wrong separator of a partner that is off": (
        {"kiwi": {"aktiv": False, "separator": "#"}},
        "partners.kiwi.separator is #; allowed: - _ . / |;",
    ),
}


@pytest.mark.sampled
@pytest.mark.parametrize(("partners", "line"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_named_with_what_is_allowed(dbt: Any, partners: object, line: str) -> None:
    refused = dbt.refusal({"partners": partners})
    (said,) = [text.strip() for text in refused.splitlines() if line in text]
    assert said.startswith(line)
    assert said.endswith("; set it under vars in dbt_project.yml or with --vars")


def test_a_wrong_setting_stops_dbt_before_it_builds_anything(dbt: Any) -> None:
    done = dbt("parse", vars={"partners": {"kiwi": {**GOOD, "aktiv": "ja"}}})
    assert not done.success
    assert "partners.kiwi.aktiv is ja; allowed: true, false;" in str(done.exception)


@pytest.mark.parametrize("size", [0, -1, "50 MB", True, 1.5])
def test_a_size_that_is_none_stops_dbt(dbt: Any, size: object) -> None:
    done = dbt("compile", "--inline", "{{ max_dokument_bytes() }}", vars={"max_dokument_bytes": size})
    assert not done.success
    line = f"max_dokument_bytes is {size}; allowed: a number of bytes, a whole number from 1;"
    assert line in message_of(done.exception)


def test_an_erp_that_releases_mandanten_itself_takes_no_list_for_documents(dbt: Any) -> None:
    setting = {**GOOD, "dokumente": True, "dokumente_mandanten": ["001"]}
    done = dbt("parse", vars={"quelle_erp": "uts_karthago", "partners": {"facilioo": setting}})
    assert not done.success
    assert "partners.facilioo.dokumente_mandanten is ['001']; allowed: the word alle alone" in str(
        done.exception
    )
