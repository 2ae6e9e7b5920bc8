"""What our rules need to know of a partner stands once, in its `profile.yaml`; dbt and Python read the same."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.contract.contract import ContractError, partners
from pipelines.contract.jinja_macro import macro, of_profiles
from pipelines.contract.profile import Option, load_profile, parse_profile

GOOD: dict[str, Any] = {"aktiv": False, "tenants_need": "email", "needs_gebaeude": True}


def test_dbt_and_python_read_the_same_profiles(render_sql: Callable[..., str]) -> None:
    in_dbt = json.loads(render_sql("{{ partner_profiles() | tojson }}"))
    assert in_dbt == of_profiles(load_profile(partner) for partner in partners())
    assert list(in_dbt) == partners()


def test_a_profile_says_what_the_rules_ask(render_sql: Callable[..., str]) -> None:
    kiwi, everreal = load_profile("kiwi"), load_profile("everreal")
    assert (kiwi.aktiv, kiwi.tenants_need, kiwi.needs_gebaeude) == (False, "email", False)
    assert (everreal.tenants_need, everreal.needs_gebaeude) == ("last_name", True)
    assert load_profile("plentific").aktiv is True
    assert everreal.options["firma_vorname"] == Option("Firma", "text")
    said = render_sql("{{ needs_email('kiwi') }} {{ needs_gebaeude('kiwi') }} {{ needs_email('everreal') }}")
    assert said.split() == ["True", "False", "False"]


def test_a_partner_that_is_none_is_no_partner_of_which_nothing_is_known(
    render_sql: Callable[..., str],
) -> None:
    with pytest.raises(
        AssertionError, match=f"kivi is no partner; there are {', '.join(sorted(partners()))}"
    ):
        render_sql("{{ needs_email('kivi') }}")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "a map with aktiv, tenants_need, needs_gebaeude is needed"),
        ({**GOOD, "aktiv": "ja"}, "aktiv is 'ja'; allowed: true, false"),
        ({"tenants_need": "email", "needs_gebaeude": True}, "aktiv is not set; allowed: true, false"),
        ({**GOOD, "tenants_need": "mail"}, "tenants_need is 'mail'; allowed: email, last_name"),
        ({**GOOD, "needs_gebäude": True}, "'needs_gebäude' is not known; did you mean needs_gebaeude?"),
        ({**GOOD, "options": ["a"]}, "options: a map of names is needed"),
        ({**GOOD, "options": {"Art": {}}}, "options.Art: a name of its own in lower case"),
        ({**GOOD, "options": {"aktiv": {}}}, "options.aktiv: a name of its own"),
        (
            {**GOOD, "options": {"art": {"default": 1}}},
            "options.art: the keys default and allowed are needed",
        ),
        (
            {**GOOD, "options": {"art": {"default": "c", "allowed": ["a", "b"]}}},
            "options.art.default is 'c'; it is none of the allowed values",
        ),
        (
            {**GOOD, "options": {"art": {"default": 1, "allowed": [True, False]}}},
            "options.art.default is 1; it is none of the allowed values",
        ),
        (
            {**GOOD, "options": {"art": {"default": 1, "allowed": "number"}}},
            "allowed is 'number'; allowed: a",
        ),
        (
            {**GOOD, "options": {"art": {"default": None, "allowed": "text"}}},
            "default is not set; allowed: text",
        ),
        ({**GOOD, "options": {"art": {"default": 0, "allowed": "id number"}}}, "default is 0; allowed: id"),
        ({**GOOD, "note": 7}, "note: a text is needed"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_file_and_key(given: object, said: str) -> None:
    with pytest.raises(ContractError) as error:
        parse_profile("hausbot", given)
    assert str(error.value).startswith("partners/hausbot/profile.yaml: ")
    assert said in str(error.value)


def test_a_macro_holds_what_the_file_says_whatever_signs_are_in_it(render_sql: Callable[..., str]) -> None:
    value = {"a": {"text": "ä 'b' \"c\" {{ d }} %} e\\f", "none": None, "list": [True, 1, "x"], "map": {}}}
    # A macro of an inline query returns nothing, so its value is taken out of it.
    returned = macro("made", value, "x.yaml").split("do return(")[1].rsplit(") %}\n{% endmacro")[0]
    assert json.loads(render_sql(f"{{% set made = {returned} %}}{{{{ made | tojson }}}}")) == value


def test_python_needs_no_jinja_to_read_a_profile() -> None:
    code = (
        "import sys; from pipelines.pages.models import read_models; from pipelines.erp.delivery.schema import"
        " profiles; read_models('everreal'); profiles(); print('jinja2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "False"
