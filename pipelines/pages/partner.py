"""The page of one partner."""

from collections.abc import Iterator, Mapping

from pipelines.api.settings import (
    CONTENT,
    INTAKE,
    INTAKE_DEFAULTS,
    content_keys,
    intake_keys,
    server_variables,
    takes_batches,
)
from pipelines.contract.contract import VALUES, Contract, Entity, Json, Withdraw, load_contract
from pipelines.contract.model import Setting
from pipelines.pages.markdown import code, codes, paragraphs, section, sentence, table
from pipelines.pages.models import Mart, Models, read_models
from pipelines.pages.questions import questions
from pipelines.pages.types import is_nullable, kind, members

HEAD = ("field", "type", "required", "where it comes from", "confidence", "source")
NUMBERS = {
    "in_flight": "requests at a time",
    "per_second": "requests a second",
    "per_minute": "requests a minute",
    "per_hour": "requests an hour",
    "per_day": "requests a day",
}


def page(partner: str) -> str:
    """The Markdown of `docs/partners/<partner>.md`."""
    contract, models = load_contract(partner), read_models(partner)
    lines = [
        f"# {contract.title}",
        "",
        f"Made from `pipelines/partners/{partner}/contract.yaml` and `models/partners/{partner}/` by",
        "`python -m pipelines.pages`: change those, not this page.",
        "",
        *paragraphs(models.about),
        *([] if contract.specified else ["", "**Announced by the partner, not specified yet.**"]),
        *section("What it gets", _overview(contract, models), _reasons(partner)),
        *section("Fields", _confidence_note(), *_fields(contract, models)),
        *section("Ids, and records that are there already", _identity(contract)),
        *section("What leaves a mart", _withdrawal(contract)),
        *section("Settings of rows", _row_settings(partner, models), paragraphs(models.remark)),
        *section("Settings of the system", _system_settings(contract), _limits(contract)),
        *section("Before going live: questions to the vendor", *questions(contract)),
        *section("Sources", table(("name", "what it is"), _sources(contract))),
    ]
    return "\n".join([*lines, ""])


def _overview(contract: Contract, models: Models) -> list[str]:
    rows = [
        (str(level), code(name), entity.title, entity.erp, _first(models.marts[name].description))
        for level, names in enumerate(contract.levels, 1)
        for name, entity in ((name, contract.entities[name]) for name in names)
    ]
    return table(("sent", "entity", f"at {contract.title}", "in the ERP", "one record for each"), rows)


def _reasons(partner: str) -> list[str]:
    return paragraphs(
        f"`sent` is the order; what stands behind one number goes side by side. Which rows do not go, and why, is in"
        f" `quality.{partner}__findings` and in what `stammdaten explain {partner} KEY` says"
        " ([why not sent](../why-not-sent.md)); what the partner refused has a [reason code](../reason-codes.md)."
    )


def _first(description: str) -> str:
    """What a row of a mart is: `One row for each …` without its beginning, up to the first colon or full stop."""
    text = " ".join(description.split()).removeprefix("One row for each ")
    for end in (": ", ". "):
        text = text.split(end)[0]
    return sentence(text.removesuffix("."))


def _confidence_note() -> list[str]:
    return paragraphs(
        "*documented*: in the vendor's documentation; *observed*: seen in somebody's client; *assumed*: to be asked"
        " for, see below; *values*: what may stand in the field (its words, format, ids of a catalogue), where that is"
        " known otherwise than the field. The rules by number are in [rules.md](../rules.md)."
    )


def _fields(contract: Contract, models: Models) -> Iterator[list[str]]:
    for name, entity in contract.entities.items():
        mart = models.marts[name]
        yield [f"### {entity.title} (`{mart.name}`)", "", *paragraphs(mart.description)]
        yield table(HEAD, _mapped(contract, entity, mart))
        yield _left_out(contract, entity, mart)


def _mapped(contract: Contract, entity: Entity, mart: Mart) -> Iterator[tuple[str, ...]]:
    """Our id, the parents, the mart's columns, and what the contract adds to each body."""
    schema = contract.schema(entity.name, "create")
    properties, required = schema["properties"], schema.get("required", [])
    references = _references(entity)
    if entity.external_id:
        yield _row(properties, required, entity.external_id, f"Our id. {mart.columns['external_id']}")
    for field, columns in references.items():
        if field not in mart.columns:
            meaning = " ".join(mart.columns[column] for column in columns if column in mart.columns)
            yield _row(properties, required, field, f"{_refers_to(contract, entity, field)} {meaning}")
    for column, meaning in mart.columns.items():
        if column in properties:
            yield _row(properties, required, column, meaning)
            for path, child, is_required in members(properties[column], column):
                if path in mart.members:
                    yield _line(path, child, is_required, child.get("description", ""))
    for lookup in entity.lookups:
        wanted = ", ".join(f"{key} {code(value)}" for key, value in lookup.where.items())
        yield _row(properties, required, lookup.field, f"Read from {code(lookup.path)}: {wanted}.")
    for field, value in entity.fixed.items():
        yield _row(properties, required, field, f"Always {code(value)}.")


def _references(entity: Entity) -> Mapping[str, list[str]]:
    """By the field that takes a parent's id: the mart's columns with our id of that parent."""
    found: dict[str, list[str]] = {}
    for parent in entity.parents:
        found.setdefault(parent.field, []).append(f"{parent.entity}_external_id{'s' if parent.many else ''}")
    return found


def _refers_to(contract: Contract, entity: Entity, field: str) -> str:
    targets = [contract.entities[parent.entity] for parent in entity.parents if parent.field == field]
    whose = "Our id" if targets[0].refer_by == "external_id" or targets[0].id_is_ours else "The partner's id"
    return f"{whose} of: {' or '.join(target.title for target in targets)}."


def _row(properties: Mapping[str, Json], required: list[str], field: str, meaning: str) -> tuple[str, ...]:
    if field not in properties:
        return code(field), "", "in the path", sentence(meaning), "", ""
    return _line(field, properties[field], field in required, meaning)


def _line(field: str, schema: Json, is_required: bool, meaning: str) -> tuple[str, ...]:
    needed = "yes" if is_required and not is_nullable(schema) else "may be null" if is_required else "no"
    level = schema.get("x-confidence", "")
    values = schema.get(VALUES, level)
    shown = level if values == level else f"{level}, values {values}"
    return code(field), kind(schema), needed, sentence(meaning), shown, schema.get("x-source", "")


def _left_out(contract: Contract, entity: Entity, mart: Mart) -> list[str]:
    """The partner's fields that get nothing, and why as far as the mart says it."""
    taken = {*mart.columns, *_references(entity), entity.external_id, *entity.fixed, entity.id}
    taken |= {lookup.field for lookup in entity.lookups}
    properties = contract.schema(entity.name, "create")["properties"]
    open_ = [name for name in properties if name not in taken]
    open_ += [
        path
        for column in mart.columns
        for path, _, _ in members(properties.get(column, {}), column)
        if path not in mart.members
        and path.rpartition(".")[0].removesuffix("[]") in {*mart.columns, *mart.members}
    ]
    never = [name for name in open_ if name in mart.never_sent]
    nothing = [name for name in open_ if name in mart.not_in_erp]
    others = [name for name in open_ if name not in never and name not in nothing]
    said = [("Never sent", never), ("Not in the ERP", nothing), ("Not mapped", others)]
    return paragraphs(" ".join(f"{title}: {codes(names)}." for title, names in said if names))


def _identity(contract: Contract) -> list[str]:
    rows = []
    for name, entity in contract.entities.items():
        spaces = [other for other, found in contract.entities.items() if found.id_space == entity.id_space]
        rows.append(
            (
                code(name),
                _our_id(entity),
                code(entity.id) if not entity.id_is_ours else "ours",
                codes(other for other in spaces if other != name),
                codes(entity.natural_key) if entity.natural_key else "by our id only",
                _before_create(entity),
            )
        )
    head = ("entity", "our id stands in", "its own id", "shares ids with", "adopted by", "before a create")
    return table(head, rows)


def _our_id(entity: Entity) -> str:
    if entity.external_ids:
        return code(entity.external_ids)
    return code(entity.external_id) if entity.external_id else "nowhere: it is in the ledger only"


def _before_create(entity: Entity) -> str:
    if entity.upsert:
        return "nothing: creating and changing are one request, which may be repeated"
    return {"look_up": "is looked up", "list": "the list is read once"}.get(entity.before_create, "")


def _withdrawal(contract: Contract) -> list[str]:
    rows = [
        (code(name), _way(entity.withdraw), sentence(entity.withdraw_note) + _by_law(entity))
        for name, entity in contract.entities.items()
    ]
    return table(("entity", "what happens", "why"), rows)


def _by_law(entity: Entity) -> str:
    return f" Whatever a guard keeps back: {sentence(entity.by_law)}" if entity.by_law else ""


def _way(withdraw: Withdraw) -> str:
    call = f" ({code(withdraw.mutation.name)})" if withdraw.mutation else ""
    match withdraw.kind:
        case "keep":
            return "nothing: the record stays as it is"
        case "delete":
            return f"it is deleted{call}"
        case "end":
            return f"{code(withdraw.field)} is set to the key date, unless it ends earlier"
        case "deactivate":
            return ", ".join(f"{code(name)} becomes {code(value)}" for name, value in withdraw.values.items())
    if call and withdraw.end:
        return f"{code(withdraw.end)} is set to its end, then it is detached{call}"
    return f"it is detached{call}" if call else f"it is detached: {code(withdraw.field)} is emptied"


def _row_settings(partner: str, models: Models) -> list[str]:
    rows = [
        (code(f"partners.{partner}.{entry.name}"), code(entry.shipped), entry.allowed)
        for entry in models.settings
    ]
    return ["In `dbt_project.yml`, or `--vars`:", "", *table(("setting", "as shipped", "allowed"), rows)]


def _about(setting: Setting) -> str:
    """What a setting of one partner is, and what it may be."""
    note = sentence(setting.note) if setting.note else "A setting of this partner alone."
    return f"{note} Allowed: {setting.choice}." if setting.allowed else note


def _system_settings(contract: Contract) -> list[str]:
    prefix = f"DESTINATION__{contract.partner.upper()}__"
    servers = contract.document["servers"]
    variables = {name: variable for s in servers for name, variable in s.get("variables", {}).items()}
    rows = [(key, "required", variables.get(key, {}).get("description", "")) for key in contract.credentials]
    for name in server_variables(contract):
        if name not in contract.credentials:
            rows.append((name, code(variables[name]["default"]), variables[name].get("description", "")))
    environments = [server["x-environment"] for server in servers if "x-environment" in server]
    if len(environments) > 1:
        rows.append(("environment", code(environments[0]), f"One of: {', '.join(environments)}."))
    rows.append(("base_url", code(servers[0]["url"]), "Address that stands before every path."))
    if contract.login:
        own = contract.document["paths"][contract.login.path].get("servers", servers)
        said = f"Address that stands before `{contract.login.path}`, the login; `base_url` where that is set."
        rows.append(("login_base_url", code(own[0]["url"]), said))
    rows += [
        (name, code(setting.default), _about(setting)) for name, setting in contract.own_settings.items()
    ]
    if takes_batches(contract):
        sizes = [entity.bulk.max for entity in contract.entities.values() if entity.bulk]
        rows.append(("batch", code(max([contract.batch, *sizes])), "Records in one request."))
    for name in intake_keys(contract):
        [intake, *_] = [entity.openimmo.intake for entity in contract.entities.values() if entity.openimmo]
        default = {**INTAKE_DEFAULTS, "intake": intake}.get(name)
        rows.append((name, code(default) if default else "", f"{INTAKE[name]}."))
    contents = [entity.content for entity in contract.entities.values() if entity.content]
    for name in content_keys(contract):
        field = name.removeprefix("content_")
        given = [getattr(content, field) for content in contents]
        rows.append((name, "" if field == "hosts" else code(f"{max(given):g}"), f"{CONTENT[name]}."))
    shown = [(code(prefix + name.upper()), default, sentence(meaning)) for name, default, meaning in rows]
    return table(("setting", "default", "meaning"), shown)


def _limits(contract: Contract) -> list[str]:
    limits = contract.limits
    known = {name: getattr(limits, name) for name in NUMBERS if getattr(limits, name) is not None}
    marks = {name: " (assumed)" for name in limits.assumed}
    said = (
        ", ".join(f"{NUMBERS[name]}: {value:g}{marks.get(name, '')}" for name, value in known.items())
        or "none"
    )
    names = codes(f"DESTINATION__{contract.partner.upper()}__{name.upper()}" for name in NUMBERS)
    return paragraphs(f"Limits ({limits.confidence}): {said}. Others by {names}.")


def _sources(contract: Contract) -> list[tuple[str, str]]:
    return [(code(name), str(what)) for name, what in contract.document["info"].get("x-sources", {}).items()]
