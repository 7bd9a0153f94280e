"""Plain text as a paper that can be printed: each line from the side where its letters begin.

LibreOffice lays out a text file by the session's language, all lines from the same side; so it is
given a flat OpenDocument text, in which each line says its side.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from xml.sax.saxutils import escape

# Any other text of a family's is from an old Windows PC; every byte has a letter there.
_OLD = "windows-1256"
# A text counts as UTF-8 while no more than one in so many of its letters beyond ASCII is damaged.
_DAMAGED = 8
_BEGIN = """\
<?xml version="1.0" encoding="UTF-8"?>
<office:document office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text"
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:styles><style:default-style style:family="paragraph">
<style:text-properties style:font-family-complex="Noto Naskh Arabic" fo:font-family="Noto Sans"
 fo:font-size="12pt" style:font-size-complex="13pt" fo:language="en" fo:country="US"
 style:language-complex="ar" style:country-complex="SA"/></style:default-style></office:styles>
<office:automatic-styles>
<style:page-layout style:name="A4"><style:page-layout-properties fo:page-width="21cm"
 fo:page-height="29.7cm" fo:margin="2cm"/></style:page-layout>
<style:style style:name="rl" style:family="paragraph"><style:paragraph-properties
 fo:text-align="right" style:writing-mode="rl-tb"/></style:style>
<style:style style:name="lr" style:family="paragraph"><style:paragraph-properties
 fo:text-align="left" style:writing-mode="lr-tb"/></style:style>
</office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="A4"/>
</office:master-styles>
<office:body><office:text>
"""
_END = "</office:text></office:body></office:document>\n"


def decoded(data: bytes) -> str:
    """The text of a file, in whichever of the usual ways it was written."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    text = data.decode("utf-8-sig", "replace")
    # One damaged byte does not make a text another one: old letters read as UTF-8 are all damaged.
    foreign = sum(sign > "\x7f" for sign in text)
    return text if text.count("\ufffd") * _DAMAGED <= foreign else data.decode(_OLD)


def text_paper(text: str) -> str:
    """A flat OpenDocument text with these lines, on A4."""
    side = _side(text) or "lr"
    paragraphs = []
    for line in text.splitlines():
        # A line of digits and signs alone goes on where the one before it was.
        side = _side(line) or side
        paragraphs.append(f'<text:p text:style-name="{side}">{_content(line)}</text:p>\n')
    return _BEGIN + "".join(paragraphs) + _END


def _side(text: str) -> str | None:
    """The style for a text's direction, by its first letter that has one; None without such."""
    kinds = map(unicodedata.bidirectional, text)
    first = next((kind for kind in kinds if kind in ("L", "R", "AL")), None)
    return None if first is None else "lr" if first == "L" else "rl"


def _content(line: str) -> str:
    """A line as XML: OpenDocument takes several spaces for one, and no control characters."""
    plain = "".join(sign for sign in line if sign == "\t" or unicodedata.category(sign) != "Cc")
    marked = re.sub(" {2,}|^ ", lambda run: f'<text:s text:c="{len(run[0])}"/>', escape(plain))
    return marked.replace("\t", "<text:tab/>")
