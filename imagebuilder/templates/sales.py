"""What a customer gets: bill, quotation, price list.

For sellers below VAT registration: no tax line and no tax code stands on them, and one sentence
says why. Dates are typed, never `TODAY()`: a paper must show tomorrow what it showed today. A line
without its number is never left out of a sum unsaid: the sum says so in place of its figure.
"""

from __future__ import annotations

from imagebuilder.templates.sheet import (
    Book,
    Row,
    Sheet,
    cell,
    computed,
    mark,
    no_number,
    row,
)
from imagebuilder.templates.words import Tongue

_LINES = 12
_FIRST = 9
_TOTAL = _FIRST + _LINES
_PRODUCTS = 24


def bill(tongue: Tongue) -> Book:
    """A simple bill: lines, discount, delivery, what was paid, what is left to pay."""
    say = tongue.say
    return _paper(
        tongue,
        title=say("فاتورة", "Bill"),
        number=say("رقم الفاتورة", "Bill number"),
        second=(say("طريقة الدفع", "Paid by"), say("نقدًا", "cash")),
        ending=(
            _discount(tongue),
            _amount(say("التوصيل", "Delivery"), 0),
            _result(say("المبلغ المستحق", "Amount due"), _due(tongue)),
            _amount(say("المدفوع", "Paid"), 0),
            _result(
                say("المتبقي", "Left to pay"),
                f"=IF({_known(f'[.E{_TOTAL + 3}]', f'[.E{_TOTAL + 4}]')};"
                f'[.E{_TOTAL + 3}]-SUM([.E{_TOTAL + 4}]);"{no_number(tongue)}")',
            ),
            row(
                cell(
                    "note",
                    say(
                        "البائع غير مسجَّل في ضريبة القيمة المضافة، "
                        "لذلك لا تُحسب ضريبة في هذه الفاتورة.",
                        "The seller is not registered for value added tax: no tax is charged.",
                    ),
                    span=5,
                ),
                height_mm=12,
            ),
            row(cell("sub", say("شكرًا لتعاملكم معنا", "Thank you for your order"), span=5)),
        ),
    )


def quotation(tongue: Tongue) -> Book:
    """An offer with its last day and what it rests on."""
    say = tongue.say
    return _paper(
        tongue,
        title=say("عرض سعر", "Quotation"),
        number=say("رقم العرض", "Quotation no."),
        second=(say("العرض صالح حتى", "Valid until"), None),
        ending=(
            _discount(tongue),
            _amount(say("التوصيل", "Delivery"), 0),
            _result(say("إجمالي العرض", "Price offered"), _due(tongue)),
            row(
                cell("total", say("العربون المطلوب (النسبة)", "Advance payment (share)"), span=4),
                cell("share", 0.5),
            ),
            _result(
                say("مبلغ العربون", "Advance payment"),
                f"=IF({_known(f'[.E{_TOTAL + 3}]', f'[.E{_TOTAL + 4}]')};"
                f'ROUND([.E{_TOTAL + 3}]*SUM([.E{_TOTAL + 4}]);2);"{no_number(tongue)}")',
            ),
            row(
                cell(
                    "note",
                    say(
                        "البائع غير مسجَّل في ضريبة القيمة المضافة، "
                        "لذلك لا تُضاف ضريبة إلى هذه الأسعار.",
                        "The seller is not registered for value added tax: no tax is added.",
                    ),
                    span=5,
                ),
                height_mm=12,
            ),
            row(
                cell("label", say("ملاحظات", "Remarks"), span=1),
                cell("text", span=4),
                height_mm=20,
            ),
        ),
    )


def price_list(tongue: Tongue) -> Book:
    """Prices to hang up or send; one cell gives a season's discount to all of them."""
    say = tongue.say
    head = (say("م", "No."), say("الصنف", "Product"), say("الوحدة", "Unit"))
    prices = (say("السعر", "Price"), say("السعر بعد الخصم", "Price now"))
    first = 7
    lines = [
        row(
            cell("number", number + 1),
            cell("text"),
            cell("text"),
            cell("money"),
            computed(
                "result",
                f'=IF(COUNTA([.D{first + number}])=0;"";'
                f"IF({_known(f'[.D{first + number}]', '[.$E$4]')};"
                f'ROUND([.D{first + number}]*(1-SUM([.$E$4]));2);"{mark(tongue)}"))',
            ),
        )
        for number in range(_PRODUCTS)
    ]
    sheet = Sheet(
        name=say("قائمة الأسعار", "Price list"),
        widths_mm=(14, 74, 28, 30, 36),
        repeated=6,
        rows=(
            row(cell("title", say("قائمة الأسعار", "Price list"), span=5), height_mm=16),
            row(cell("sub", _business(tongue), span=5)),
            row(cell("sub", say("الجوال: 05xxxxxxxx", "Mobile: 05xxxxxxxx"), span=5)),
            row(
                cell("label", say("خصم الموسم على كل الأسعار", "Season's discount on all"), span=4),
                cell("share", 0),
            ),
            row(cell("plain", span=5), height_mm=4),
            row(*(cell("head", text) for text in (*head, *prices)), height_mm=11),
            *lines,
            row(
                cell(
                    "note",
                    say("الأسعار بالريال السعودي.", "Prices in Saudi riyals."),
                    span=5,
                )
            ),
        ),
    )
    return Book(tongue=tongue, title=sheet.name, sheets=(sheet,))


def _business(tongue: Tongue) -> str:
    return tongue.say("اسم مشروعك هنا", "Your business's name")


def _paper(
    tongue: Tongue,
    *,
    title: str,
    number: str,
    second: tuple[str, str | None],
    ending: tuple[Row, ...],
) -> Book:
    """Bill and quotation: heading, customer, lines with their totals, an ending of its own."""
    say = tongue.say
    last = _TOTAL - 1
    lines = [
        row(
            cell("number", place - _FIRST + 1),
            cell("text"),
            cell("number"),
            cell("money"),
            computed(
                "result",
                f"=IF(COUNT([.C{place}:.D{place}])=2;ROUND([.C{place}]*[.D{place}];2);"
                f'IF(COUNTA([.C{place}:.D{place}])=0;"";"{mark(tongue)}"))',
            ),
        )
        for place in range(_FIRST, last + 1)
    ]
    heads = (
        say("م", "No."),
        say("الصنف", "Item"),
        say("الكمية", "Quantity"),
        say("السعر", "Price"),
        say("المجموع", "Total"),
    )
    sheet = Sheet(
        name=title,
        widths_mm=(34, 66, 24, 28, 32),
        rows=(
            row(cell("title", title, span=5), height_mm=16),
            row(cell("sub", _business(tongue), span=5)),
            row(
                cell("sub", say("المدينة، الجوال: 05xxxxxxxx", "Town, mobile: 05xxxxxxxx"), span=5)
            ),
            row(cell("plain", span=5), height_mm=4),
            row(
                cell("label", number),
                cell("text"),
                cell("label", say("التاريخ", "Date")),
                cell("date", span=2),
            ),
            row(
                cell("label", say("اسم العميل", "Customer")),
                cell("text"),
                cell("label", say("الجوال", "Mobile")),
                cell("text", span=2),
            ),
            row(cell("label", second[0]), cell("text", second[1]), cell("plain", span=3)),
            row(*(cell("head", text) for text in heads), height_mm=9),
            *lines,
            _result(
                say("المجموع", "Sum"),
                f"=IF(SUMPRODUCT(LEN([.E{_FIRST}:.E{last}])>0)=COUNT([.E{_FIRST}:.E{last}]);"
                f'SUM([.E{_FIRST}:.E{last}]);"{no_number(tongue)}")',
            ),
            *ending,
        ),
    )
    return Book(tongue=tongue, title=title, sheets=(sheet,))


def _known(sure: str, perhaps: str) -> str:
    """Whether the first cell has a number, and the second one too or nothing."""
    return f"COUNT({sure})+COUNT({perhaps})=1+COUNTA({perhaps})"


# The discount's figure without its sign of per cent, and whether it had one.
_TYPED = f"[.E{_TOTAL + 1}]"
_SHARE = f'ISNUMBER(FIND("%";SUBSTITUTE({_TYPED};"٪";"%")))'
_BARE = (
    f"IF(ISNUMBER({_TYPED});{_TYPED};"
    f'NUMBERVALUE(SUBSTITUTE(SUBSTITUTE("0"&{_TYPED};"٪";"");"%";"");".";","))'
)


def _discount(tongue: Tongue) -> Row:
    """Riyals or a share, as it is typed; of a share, what it comes to stands beside it.

    The cell keeps the text: a number cell would take `10%` for 0.10, and show it as riyals.
    """
    worth = f"ROUND([.E{_TOTAL}]*{_BARE}/100;2)"
    # Nothing of riyals, but an error where they are none.
    nothing = f"LEFT({_BARE};0)"
    return row(
        cell("total", tongue.say("الخصم (بالريال أو بالنسبة)", "Discount (riyals or %)"), span=3),
        computed("result", f'=IFERROR(IF({_SHARE};{worth};{nothing});"{mark(tongue)}")'),
        cell("discount"),
    )


def _due(tongue: Tongue) -> str:
    """The sum less the discount, with the delivery."""
    share, delivery = f"[.D{_TOTAL + 1}]", f"[.E{_TOTAL + 2}]"
    return (
        f'=IF(OR(ISTEXT([.E{_TOTAL}]);{share}="{mark(tongue)}";COUNT({delivery})<>COUNTA({delivery}));'
        f'"{no_number(tongue)}";[.E{_TOTAL}]-IF(ISNUMBER({share});{share};{_BARE})+SUM({delivery}))'
    )


def _amount(label: str, value: float) -> Row:
    return row(cell("total", label, span=4), cell("money", value))


def _result(label: str, formula: str) -> Row:
    return row(cell("total", label, span=4), computed("sum", formula), height_mm=9)
