"""A flyer as Flat ODF text: a page with a picture's place, a product, its price, how to order.

The picture's place is a frame that says so; a picture dropped there replaces it.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from imagebuilder.templates.sheet import ARABIC_FONT, LATIN_FONT, NAMESPACES
from imagebuilder.templates.words import Tongue


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A paragraph of the flyer. `space_mm` stands above it."""

    style: str
    text: str
    points: int
    colour: str
    space_mm: int
    bold: bool = True


def flyer(tongue: Tongue) -> str:
    """The document's text; `soffice --convert-to ott` makes a template of it."""
    say = tongue.say
    picture = _Line(
        style="Picture",
        text=say("ضع صورة المنتج هنا", "Put the product's picture here"),
        points=16,
        colour="#666666",
        space_mm=0,
        bold=False,
    )
    above = (
        _Line(
            style="Business",
            text=say("اسم مشروعك هنا", "Your business's name"),
            points=22,
            colour="#1f6f5c",
            space_mm=0,
        ),
        _Line(
            style="Product",
            text=say("اسم المنتج أو العرض", "Product or offer"),
            points=44,
            colour="#000000",
            space_mm=4,
        ),
    )
    below = (
        _Line(
            style="Price",
            text=say("السعر (بالريال): 00", "Price: 00 riyals"),
            points=34,
            colour="#b5452c",
            space_mm=6,
        ),
        _Line(
            style="Words",
            text=say("جملة قصيرة تصف ما يميّز منتجك", "A short sentence: what is special about it"),
            points=18,
            colour="#000000",
            space_mm=4,
            bold=False,
        ),
        _Line(
            style="Contact",
            text=say("للطلب واتساب: 05xxxxxxxx", "Order by WhatsApp: 05xxxxxxxx"),
            points=24,
            colour="#1f6f5c",
            space_mm=8,
        ),
    )
    language, country = tongue.locale
    mode = "rl-tb" if tongue.right_to_left else "lr-tb"
    suffix = "-complex" if tongue.right_to_left else ""
    prefix = "style" if tongue.right_to_left else "fo"
    title = say("إعلان", "Flyer")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {NAMESPACES}'
        ' office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">'
        f"<office:meta><dc:title>{title}</dc:title></office:meta><office:font-face-decls>"
        + "".join(
            f'<style:font-face style:name="{name}" svg:font-family="&apos;{name}&apos;"/>'
            for name in (LATIN_FONT, ARABIC_FONT)
        )
        + "</office:font-face-decls><office:styles>"
        '<style:default-style style:family="paragraph">'
        f'<style:paragraph-properties style:writing-mode="{mode}" fo:text-align="center"/>'
        f'<style:text-properties style:font-name="{LATIN_FONT}"'
        f' style:font-name-complex="{ARABIC_FONT}"'
        f' {prefix}:language{suffix}="{language}" {prefix}:country{suffix}="{country}"/>'
        "</style:default-style>"
        + "".join(_style(line) for line in (*above, picture, *below))
        + '<style:style style:name="Frame" style:family="graphic"/></office:styles>'
        "<office:automatic-styles>"
        '<style:page-layout style:name="p"><style:page-layout-properties fo:page-width="210mm"'
        ' fo:page-height="297mm" fo:margin="18mm" fo:border="2pt solid #1f6f5c"'
        f' fo:padding="8mm" style:writing-mode="{mode}"/></style:page-layout>'
        '<style:style style:name="place" style:family="graphic" style:parent-style-name="Frame">'
        '<style:graphic-properties style:horizontal-pos="center"'
        ' style:horizontal-rel="paragraph" fo:background-color="#f2f2f2"'
        ' fo:border="1pt dashed #888888" draw:textarea-vertical-align="middle"'
        ' style:wrap="none"/></style:style></office:automatic-styles>'
        '<office:master-styles><style:master-page style:name="Standard"'
        ' style:page-layout-name="p"/></office:master-styles><office:body><office:text>'
        + "".join(_paragraph(line) for line in above)
        + '<text:p text:style-name="Picture"><draw:frame draw:style-name="place"'
        f' draw:name="{escape(picture.text)}" text:anchor-type="as-char" svg:width="150mm"'
        ' svg:height="120mm"><draw:text-box>'
        + _paragraph(picture)
        + "</draw:text-box></draw:frame></text:p>"
        + "".join(_paragraph(line) for line in below)
        + "</office:text></office:body></office:document>\n"
    )


def _style(line: _Line) -> str:
    weight = "bold" if line.bold else "normal"
    return (
        f'<style:style style:name="{line.style}" style:family="paragraph">'
        f'<style:paragraph-properties fo:text-align="center" fo:margin-top="{line.space_mm}mm"/>'
        f'<style:text-properties fo:font-size="{line.points}pt"'
        f' style:font-size-complex="{line.points}pt" fo:color="{line.colour}"'
        f' fo:font-weight="{weight}" style:font-weight-complex="{weight}"/></style:style>'
    )


def _paragraph(line: _Line) -> str:
    return f'<text:p text:style-name="{line.style}">{escape(line.text)}</text:p>'
