"""Spreadsheets as Flat ODF: cells with looks by role, formulas, and a page that prints well.

What OpenDocument 1.3 says, written as text; pure. A formula is given as Calc shows it in its
OpenFormula form (`=SUM([.A1:.A9])`). Every font is named, so that no other one creeps in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from imagebuilder.templates.words import Tongue

Look = Literal[
    "title", "sub", "plain", "label", "text", "number", "money", "date", "share", "discount",
    "year", "figure", "result", "day", "told", "head", "total", "sum", "count", "note", "big",
    "small",
]  # fmt: skip

LATIN_FONT = "Noto Sans"
ARABIC_FONT = "Noto Naskh Arabic"
_GREEN, _PALE, _LINE, _RED = "#1f6f5c", "#e6f2ee", "#888888", "#b5452c"
_GRID = f'fo:border="0.5pt solid {_LINE}" fo:padding="1mm"'
_PALE_GRID = f'{_GRID} fo:background-color="{_PALE}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Face:
    """How cells of a look are drawn. `place`: of the text; `start` is where a line begins.

    `data`: the data style; `figures`: they stand in the Latin face in Arabic papers too.
    """

    cell: str = ""
    place: Literal["start", "center", "end"] = "start"
    points: int = 11
    bold: bool = False
    colour: str = "#000000"
    data: str = ""
    figures: bool = False
    wrap: bool = False


_FACES: dict[Look, _Face] = {
    "title": _Face(place="center", points=24, bold=True),
    "sub": _Face(place="center", points=13),
    "plain": _Face(),
    "label": _Face(points=12, bold=True),
    # White: to be typed into.
    "text": _Face(cell=_GRID, data="words", wrap=True),
    "number": _Face(cell=_GRID, place="center", data="quantity", figures=True),
    "money": _Face(cell=_GRID, place="center", data="money", figures=True),
    "date": _Face(cell=_GRID, place="center", data="day", figures=True),
    "share": _Face(cell=_GRID, place="center", data="percent", figures=True),
    "discount": _Face(cell=_GRID, place="center", data="words", figures=True),
    "year": _Face(cell=_GRID, place="center", points=12, bold=True, data="year", figures=True),
    # Pale: worked out.
    "figure": _Face(cell=_PALE_GRID, place="center", data="quantity", figures=True),
    "result": _Face(cell=_PALE_GRID, place="center", data="money", figures=True),
    "day": _Face(cell=_PALE_GRID, place="center", data="day", figures=True),
    "told": _Face(cell=_PALE_GRID, place="center"),
    "head": _Face(
        cell=f'{_GRID} fo:background-color="{_GREEN}"',
        place="center",
        bold=True,
        colour="#ffffff",
        wrap=True,
    ),
    "total": _Face(cell=_PALE_GRID, points=12, bold=True),
    "sum": _Face(cell=_PALE_GRID, place="center", points=12, bold=True, data="money", figures=True),
    "count": _Face(
        cell=_PALE_GRID, place="center", points=12, bold=True, data="whole", figures=True
    ),
    "note": _Face(points=10, wrap=True),
    "big": _Face(place="center", points=14, bold=True, wrap=True),
    "small": _Face(place="center", points=9, wrap=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: a text, a number or a formula, or nothing yet. `span`: columns that it covers."""

    look: Look
    value: str | float | None = None
    formula: str | None = None
    span: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Cells from the first column on. `height_mm` of the row; `times` that it stands there."""

    cells: tuple[Cell, ...]
    height_mm: float = 8.0
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet that prints as wide as its page.

    `widths_mm` of its columns; `repeated`: how many of the first rows stand on each printed page
    and stay in view.
    """

    name: str
    widths_mm: tuple[float, ...]
    rows: tuple[Row, ...]
    landscape: bool = False
    repeated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A spreadsheet document in one language."""

    tongue: Tongue
    title: str
    sheets: tuple[Sheet, ...] = field(default=())


def cell(look: Look, value: str | float | None = None, *, span: int = 1) -> Cell:
    """A cell with a text or a number, or one to be filled in."""
    return Cell(look=look, value=value, span=span)


def computed(look: Look, formula: str, *, span: int = 1) -> Cell:
    """A cell whose value the sheet works out itself."""
    return Cell(look=look, formula=formula, span=span)


def row(*cells: Cell, height_mm: float = 8.0, times: int = 1) -> Row:
    """A row of these cells, or many that are the same: those cost nothing in the file."""
    return Row(cells=cells, height_mm=height_mm, times=times)


def mark(tongue: Tongue) -> str:
    """What a line shows in place of an amount when a text stands where a number should."""
    return tongue.say("؟", "?")


def no_number(tongue: Tongue) -> str:
    """What a sum says in place of a number that would leave such a line out."""
    return tongue.say("سطر بلا رقم", "No number")


def flat_odf(book: Book) -> str:
    """The document's text; `soffice --convert-to ots` makes a template of it."""
    language, country = book.tongue.locale
    mode = "rl-tb" if book.tongue.right_to_left else "lr-tb"
    fonts = "".join(
        f'<style:font-face style:name="{name}" svg:font-family="&apos;{name}&apos;"/>'
        for name in (LATIN_FONT, ARABIC_FONT)
    )
    own = "fo:language" if not book.tongue.right_to_left else "style:language-complex"
    of = "fo:country" if not book.tongue.right_to_left else "style:country-complex"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {NAMESPACES}'
        ' office:version="1.3"'
        ' office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
        f"<office:meta><dc:title>{escape(book.title)}</dc:title></office:meta>"
        f"<office:settings>{_settings(book)}</office:settings>"
        f"<office:font-face-decls>{fonts}</office:font-face-decls>"
        '<office:styles><style:default-style style:family="table-cell"><style:text-properties'
        f' style:font-name="{LATIN_FONT}" style:font-name-complex="{ARABIC_FONT}"'
        f' {own}="{language}" {of}="{country}"/></style:default-style>'
        '<style:style style:name="Default" style:family="table-cell"/>'
        f"{_DATA_STYLES}{_day_style(book.tongue)}{_WARNING}</office:styles>"
        f"<office:automatic-styles>{_pages(book, mode)}{_faces(book, mode)}"
        "</office:automatic-styles>"
        "<office:master-styles>"
        + "".join(
            f'<style:master-page style:name="M{number}" style:page-layout-name="p{number}">'
            '<style:header style:display="false"/><style:footer style:display="false"/>'
            "</style:master-page>"
            for number in range(len(book.sheets))
        )
        + "</office:master-styles><office:body><office:spreadsheet>"
        + "".join(_table(number, sheet) for number, sheet in enumerate(book.sheets))
        + "</office:spreadsheet></office:body></office:document>\n"
    )


NAMESPACES = " ".join(
    f'xmlns:{prefix}="{address}"'
    for prefix, address in {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
        "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
        "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
        "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
        "config": "urn:oasis:names:tc:opendocument:xmlns:config:1.0",
        "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
        "dc": "http://purl.org/dc/elements/1.1/",
        "of": "urn:oasis:names:tc:opendocument:xmlns:of:1.2",
    }.items()
)

# As prices are written in Saudi Arabia: 1,350.00. LibreOffice's ar-SA has the signs of Arabic-Indic
# digits between Latin ones, where they look like a comma.
_WRITTEN = 'number:language="en" number:country="US"'
# What any language needs: digits 0-9; a text stays as it was typed, a mobile number with its 0.
_DATA_STYLES = (
    f'<number:number-style style:name="whole" {_WRITTEN}><number:number number:decimal-places="0"'
    ' number:min-integer-digits="1" number:grouping="true"/></number:number-style>'
    # Without decimal places: as many as were typed.
    f'<number:number-style style:name="quantity" {_WRITTEN}>'
    '<number:number number:min-integer-digits="1"/></number:number-style>'
    f'<number:number-style style:name="year" {_WRITTEN}><number:number number:decimal-places="0"'
    ' number:min-integer-digits="1"/></number:number-style>'
    f'<number:number-style style:name="money" {_WRITTEN}><number:number number:decimal-places="2"'
    ' number:min-decimal-places="2" number:min-integer-digits="1" number:grouping="true"/>'
    "</number:number-style>"
    f'<number:percentage-style style:name="percent" {_WRITTEN}>'
    '<number:number number:decimal-places="0" number:min-integer-digits="1"/>'
    "<number:text>%</number:text></number:percentage-style>"
    '<number:text-style style:name="words"><number:text-content/></number:text-style>'
)


def _day_style(tongue: Tongue) -> str:
    """Days before months, as in Saudi Arabia.

    LibreOffice reads a date typed into an empty cell as the session's country writes it, and one
    typed over a date as the cell's does. The month is a word in English, so that a day taken for a
    month is seen.
    """
    language, country = tongue.dates
    textual, between = ("", "/") if tongue.right_to_left else (' number:textual="true"', " ")
    month = "long" if tongue.right_to_left else "short"
    return (
        f'<number:date-style style:name="day" number:language="{language}"'
        f' number:country="{country}"><number:day number:style="long"/>'
        f'<number:text>{between}</number:text><number:month number:style="{month}"{textual}/>'
        f'<number:text>{between}</number:text><number:year number:style="long"/>'
        "</number:date-style>"
    )


def _pages(book: Book, mode: str) -> str:
    parts = []
    for number, sheet in enumerate(book.sheets):
        size = (297, 210) if sheet.landscape else (210, 297)
        turned = "landscape" if sheet.landscape else "portrait"
        parts.append(
            f'<style:page-layout style:name="p{number}"><style:page-layout-properties'
            f' fo:page-width="{size[0]}mm" fo:page-height="{size[1]}mm" fo:margin="13mm"'
            f' style:print-orientation="{turned}" style:writing-mode="{mode}"'
            ' style:table-centering="horizontal" style:scale-to-X="1" style:scale-to-Y="0"/>'
            "</style:page-layout>"
            f'<style:style style:name="t{number}" style:family="table"'
            f' style:master-page-name="M{number}">'
            f'<style:table-properties table:display="true" style:writing-mode="{mode}"/>'
            "</style:style>"
        )
        for column, width in enumerate(sheet.widths_mm):
            parts.append(
                f'<style:style style:name="c{number}-{column}" style:family="table-column">'
                f'<style:table-column-properties style:column-width="{width:g}mm"/></style:style>'
            )
    heights = sorted({line.height_mm for sheet in book.sheets for line in sheet.rows})
    parts += [
        f'<style:style style:name="r{height:g}" style:family="table-row">'
        f'<style:table-row-properties style:row-height="{height:g}mm"'
        ' style:use-optimal-row-height="false"/></style:style>'
        for height in heights
    ]
    return "".join(parts)


# A word where a number should stand, typed or of the sheet itself.
_WARNING = (
    '<style:style style:name="Warning" style:family="table-cell"'
    f' style:parent-style-name="Default"><style:text-properties fo:color="{_RED}"'
    f' style:font-name="{LATIN_FONT}" style:font-name-complex="{ARABIC_FONT}"'
    ' fo:font-weight="bold" style:font-weight-complex="bold"/></style:style>'
)


def _faces(book: Book, mode: str) -> str:
    """Automatic styles of cells. ODF's `start` is the left in LibreOffice, so sides are named."""
    start, end = ("right", "left") if mode == "rl-tb" else ("left", "right")
    # Formulas of a condition are told from a cell on: each cell asks about itself.
    base = quoteattr(f"{_quoted(book.sheets[0].name)}.A1")
    warning = (
        '<style:map style:condition="is-true-formula(ISTEXT([.A1]))"'
        f' style:apply-style-name="Warning" style:base-cell-address={base}/>'
    )
    sides = {"start": start, "center": "center", "end": end}
    return "".join(
        f'<style:style style:name="{look}" style:family="table-cell"'
        f' style:parent-style-name="Default"'
        + (f' style:data-style-name="{face.data}"' if face.data else "")
        + '><style:table-cell-properties style:vertical-align="middle"'
        ' style:text-align-source="fix" style:repeat-content="false"'
        + (' fo:wrap-option="wrap"' if face.wrap else "")
        # A long sum becomes small rather than ###.
        + (' style:shrink-to-fit="true"' if face.figures else "")
        + f" {face.cell}/>"
        f'<style:paragraph-properties style:writing-mode="{mode}"'
        f' fo:text-align="{sides[face.place]}"/>'
        f'<style:text-properties fo:color="{face.colour}" style:font-name="{LATIN_FONT}"'
        # The Arabic face has no percent sign: figures are in the other one throughout.
        f' style:font-name-complex="{LATIN_FONT if face.figures else ARABIC_FONT}"'
        f' fo:font-size="{face.points}pt" style:font-size-complex="{face.points}pt"'
        + (' fo:font-weight="bold" style:font-weight-complex="bold"' if face.bold else "")
        + "/>"
        + (warning if face.figures and face.data != "words" else "")
        + "</style:style>"
        for look, face in _FACES.items()
    )


def _table(number: int, sheet: Sheet) -> str:
    last = f"{_letter(len(sheet.widths_mm) - 1)}${sum(line.times for line in sheet.rows)}"
    name = _quoted(sheet.name)
    area = f"${name}.$A$1:${name}.${last}"
    columns = "".join(
        f'<table:table-column table:style-name="c{number}-{column}"/>'
        for column in range(len(sheet.widths_mm))
    )
    lines = [_line(line, len(sheet.widths_mm)) for line in sheet.rows]
    head, rest = "".join(lines[: sheet.repeated]), "".join(lines[sheet.repeated :])
    if head:
        head = f"<table:table-header-rows>{head}</table:table-header-rows>"
    return (
        f'<table:table table:name={quoteattr(sheet.name)} table:style-name="t{number}"'
        f" table:print-ranges={quoteattr(area)}>{columns}{head}{rest}</table:table>"
    )


def _line(line: Row, columns: int) -> str:
    width = sum(item.span for item in line.cells)
    if width > columns:
        raise ValueError(f"a row of {width} columns in a sheet of {columns}")
    cells = "".join(_cell(item) for item in line.cells)
    words = f'table:style-name="r{line.height_mm:g}"'
    if line.times > 1:
        words += f' table:number-rows-repeated="{line.times}"'
    return f"<table:table-row {words}>{cells}</table:table-row>"


def _cell(item: Cell) -> str:
    words = f'table:style-name="{item.look}"'
    content = ""
    if item.span > 1:
        words += f' table:number-columns-spanned="{item.span}" table:number-rows-spanned="1"'
    if item.formula is not None:
        words += f" table:formula={quoteattr('of:' + item.formula)}"
    elif isinstance(item.value, str):
        words += ' office:value-type="string"'
        content = f"<text:p>{escape(item.value)}</text:p>"
    elif item.value is not None:
        words += f' office:value-type="float" office:value="{item.value:g}"'
        content = f"<text:p>{item.value:g}</text:p>"
    covered = (
        f'<table:covered-table-cell table:number-columns-repeated="{item.span - 1}"/>'
        if item.span > 1
        else ""
    )
    return f"<table:table-cell {words}>{content}</table:table-cell>{covered}"


def _settings(book: Book) -> str:
    """Heads of long lists stay in view: the view's settings for each sheet that repeats rows."""
    entries = "".join(
        f"<config:config-item-map-entry config:name={quoteattr(sheet.name)}>"
        + "".join(
            f'<config:config-item config:name="{name}" config:type="{kind}">{value}'
            "</config:config-item>"
            for name, kind, value in (
                ("VerticalSplitMode", "short", 2),
                ("VerticalSplitPosition", "int", sheet.repeated),
                ("ActiveSplitRange", "short", 2),
                ("PositionBottom", "int", sheet.repeated),
            )
        )
        + "</config:config-item-map-entry>"
        for sheet in book.sheets
        if sheet.repeated
    )
    if not entries:
        return ""
    return (
        '<config:config-item-set config:name="ooo:view-settings">'
        '<config:config-item-map-indexed config:name="Views"><config:config-item-map-entry>'
        f'<config:config-item-map-named config:name="Tables">{entries}'
        "</config:config-item-map-named></config:config-item-map-entry>"
        "</config:config-item-map-indexed></config:config-item-set>"
    )


def _quoted(name: str) -> str:
    """A sheet's name as it stands in an address."""
    return "'" + name.replace("'", "''") + "'"


def _letter(column: int) -> str:
    """The name of a column; 26 are more than a page holds."""
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[column]
