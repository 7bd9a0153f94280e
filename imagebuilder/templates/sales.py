"""What a customer gets: bill, quotation, price list.

For sellers below VAT registration: no tax line and no tax code stands on them, and one sentence
says why. Dates are typed, never `TODAY()`: a paper must show tomorrow what it showed today.
"""

from __future__ import annotations

from imagebuilder.templates.sheet import Book, Row, Sheet, cell, computed, row
from imagebuilder.templates.words import Tongue

_LINES = 12
_FIRST = 9
_PRODUCTS = 24


def bill(tongue: Tongue) -> Book:
    """A simple bill: lines, discount, delivery, what was paid, what is left to pay."""
    say = tongue.say
    last = _FIRST + _LINES - 1
    total = last + 1
    return _paper(
        tongue,
        title=say("فاتورة", "Bill"),
        number=say("رقم الفاتورة", "Bill number"),
        second=(say("طريقة الدفع", "Paid by"), say("نقدًا", "cash")),
        ending=(
            _amount(say("الخصم", "Discount"), 0),
            _amount(say("التوصيل", "Delivery"), 0),
            _result(
                say("المبلغ المستحق", "Amount due"), f"=[.E{total}]-[.E{total + 1}]+[.E{total + 2}]"
            ),
            _amount(say("المدفوع", "Paid"), 0),
            _result(say("المتبقي", "Left to pay"), f"=[.E{total + 3}]-[.E{total + 4}]"),
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
    last = _FIRST + _LINES - 1
    total = last + 1
    return _paper(
        tongue,
        title=say("عرض سعر", "Quotation"),
        number=say("رقم العرض", "Quotation number"),
        second=(say("العرض صالح حتى", "Valid until"), None),
        ending=(
            _amount(say("الخصم", "Discount"), 0),
            _amount(say("التوصيل", "Delivery"), 0),
            _result(
                say("إجمالي العرض", "Price offered"),
                f"=[.E{total}]-[.E{total + 1}]+[.E{total + 2}]",
            ),
            row(
                cell("total", say("العربون المطلوب (النسبة)", "Advance payment (share)"), span=4),
                cell("share", 0.5),
            ),
            _result(say("مبلغ العربون", "Advance payment"), f"=[.E{total + 3}]*[.E{total + 4}]"),
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
            computed("money", f'=IF([.D{first + number}]="";"";[.D{first + number}]*(1-[.$E$4]))'),
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
    last = _FIRST + _LINES - 1
    lines = [
        row(
            cell("number", place - _FIRST + 1),
            cell("text"),
            cell("number"),
            cell("money"),
            computed("money", f'=IF(OR([.C{place}]="";[.D{place}]="");"";[.C{place}]*[.D{place}])'),
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
                cell("number", 1),
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
            _result(say("المجموع", "Sum"), f"=SUM([.E{_FIRST}:.E{last}])"),
            *ending,
        ),
    )
    return Book(tongue=tongue, title=title, sheets=(sheet,))


def _amount(label: str, value: float) -> Row:
    return row(cell("total", label, span=4), cell("money", value))


def _result(label: str, formula: str) -> Row:
    return row(cell("total", label, span=4), computed("sum", formula), height_mm=9)
