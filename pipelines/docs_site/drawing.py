"""A lineage as a picture that needs no script, and the same as a table."""

from collections.abc import Callable, Iterator, Mapping
from html import escape

from pipelines.docs_site.lineage import Lineage, Node
from pipelines.pages.markdown import code, codes, table

ROW, TOP, GAP = 26, 34, 70  # pixels: height of a line, room for the headings, between two columns
LETTER, AROUND = 7, 20  # pixels: width of a letter, room around a name
HEADINGS = {"erp": "ERP table or list", "model": "model", "field": "field at the partner"}

Place = tuple[int, int, int]  # left, top, width
Link = Callable[[Node], str | None]


def picture(drawn: Lineage, link: Link, identity: str) -> list[str]:
    """Lines of an SVG between HTML tags; `link` gives the address of the page of a node, or None."""
    columns = _columns(drawn)
    places, width = _places(drawn, columns)
    height = TOP + ROW * max(len(names) for names in columns)
    what = f"From {len(columns[0])} ERP tables and lists over models to {len(columns[-1])} fields"
    # It is wider than a phone, so it scrolls, which the keyboard can do, too.
    return [
        f'<div class="lineage" tabindex="0" role="group" aria-label="Lineage of {escape(drawn.mart)}">',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="group" aria-labelledby="{identity}-title">',
        f'<title id="{identity}-title">{escape(what)} of {escape(drawn.mart)}; the table below says the same.</title>',
        *_lines(drawn, columns, places),
        *_boxes(drawn, columns, places, link),
        "</svg>",
        "</div>",
    ]


def fields_table(drawn: Lineage, page: Callable[[Node], str | None]) -> list[str]:
    """One row a field: the columns of the mart, and the ERP columns that the mart's description names."""
    rows = [
        (code(field.name), codes(field.columns), codes(field.erp_columns), field.meaning)
        for field in drawn.fields
    ]
    made_from = sorted(node.name for node in drawn.nodes.values() if node.name != drawn.mart)
    steps = ", ".join(_linked(drawn.nodes[name], page) for name in made_from)
    mart = _linked(drawn.nodes[drawn.mart], page)
    return [
        f"{mart} is made from {steps}.",
        "",
        *table(("field at the partner", "column of the mart", "ERP columns it names", "meaning"), rows),
    ]


def _linked(node: Node, page: Callable[[Node], str | None]) -> str:
    target = page(node)
    return f"[`{node.name}`]({target})" if target else f"`{node.name}`"


def _columns(drawn: Lineage) -> list[list[str]]:
    """Names from left to right: ERP and lists, models by how many steps they are away, the fields."""
    depths = {name: drawn.depth(name) for name in drawn.nodes}
    layers: Mapping[int, list[str]] = {
        depth: sorted(name for name, found in depths.items() if found == depth)
        for depth in range(max(depths.values()) + 1)
    }
    return [*layers.values(), [f"field {field.name}" for field in drawn.fields]]


def _kind(column: int, columns: list[list[str]]) -> str:
    return "field" if column == len(columns) - 1 else "model" if column else "erp"


def _shown(name: str) -> str:
    return name.removeprefix("field ")


def _places(drawn: Lineage, columns: list[list[str]]) -> tuple[dict[str, Place], int]:
    """Where each name stands, and how wide all of it is; short columns are in the middle."""
    places: dict[str, Place] = {}
    left, most = 0, max(len(names) for names in columns)
    for column, names in enumerate(columns):
        heading = len(HEADINGS[_kind(column, columns)]) - 2
        width = max([heading, *(len(_shown(name)) for name in names)]) * LETTER + AROUND
        for number, name in enumerate(names):
            top = TOP + ROW * number + ROW * (most - len(names)) // 2
            places[name] = (left, top, width)
        left += width + GAP
    return places, left - GAP


def _lines(drawn: Lineage, columns: list[list[str]], places: Mapping[str, Place]) -> Iterator[str]:
    pairs = [(parent, name) for name, parents in drawn.parents.items() for parent in parents]
    pairs += [(drawn.mart, field) for field in columns[-1]]
    for start, end in pairs:
        if start == end:
            continue
        left, top, width = places[start]
        x, y, middle = left + width, top + ROW // 2 - 2, GAP // 2
        to_x, to_y = places[end][0], places[end][1] + ROW // 2 - 2
        yield f'<path d="M{x} {y}C{x + middle} {y} {to_x - middle} {to_y} {to_x} {to_y}"/>'


def _boxes(
    drawn: Lineage, columns: list[list[str]], places: Mapping[str, Place], link: Link
) -> Iterator[str]:
    for number, names in enumerate(columns):
        if names:
            heading = HEADINGS[_kind(number, columns)]
            yield f'<text class="heading" x="{places[names[0]][0]}" y="14">{heading}</text>'
        for name in names:
            left, top, width = places[name]
            node = drawn.nodes.get(name)
            kind_of_box = node.kind if node else "field"
            box = (
                f'<rect class="{kind_of_box}" x="{left}" y="{top}" width="{width}" height="{ROW - 4}" rx="3"/>'
                f'<text x="{left + AROUND // 2}" y="{top + ROW // 2 + 3}">{escape(_shown(name))}</text>'
            )
            target = link(node) if node else None
            yield f'<a href="{escape(target)}">{box}</a>' if target else box
