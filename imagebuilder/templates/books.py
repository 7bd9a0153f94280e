"""What the business keeps for itself: orders, stock, accounts, customers.

Long lists with their sums at the top, where they stay in view. Nothing in them depends on the
day that they are opened.
"""

from __future__ import annotations

from imagebuilder.templates.sheet import Book, Look, Sheet, cell, computed, row
from imagebuilder.templates.words import MONTHS, Tongue

_ORDERS = 200
_GOODS = 100
_ENTRIES = 600
_CUSTOMERS = 200


def order_book(tongue: Tongue) -> Book:
    """Each order with what was paid and what is left; the sums of all at the top."""
    say = tongue.say
    first = 6
    last = first + _ORDERS - 1
    heads = (
        say("تاريخ الطلب", "Ordered"),
        say("العميل", "Customer"),
        say("الجوال", "Mobile"),
        say("الطلب", "Order"),
        say("الكمية", "Quantity"),
        say("السعر", "Price"),
        say("المجموع", "Total"),
        say("المدفوع", "Paid"),
        say("المتبقي", "Left"),
        say("موعد التسليم", "Due"),
        say("سُلِّم؟", "Handed over?"),
    )
    lines = [
        row(
            cell("date"),
            cell("text"),
            cell("text"),
            cell("text"),
            cell("number"),
            cell("money"),
            computed("money", f'=IF(OR([.E{at}]="";[.F{at}]="");"";[.E{at}]*[.F{at}])'),
            cell("money"),
            computed("money", f'=IF([.G{at}]="";"";[.G{at}]-N([.H{at}]))'),
            cell("date"),
            cell("text"),
        )
        for at in range(first, last + 1)
    ]
    sheet = Sheet(
        name=say("دفتر الطلبات", "Order book"),
        widths_mm=(25, 36, 28, 44, 17, 21, 24, 22, 24, 25, 19),
        landscape=True,
        repeated=5,
        rows=(
            row(cell("title", say("دفتر الطلبات", "Order book"), span=11), height_mm=14),
            row(
                cell("total", say("عدد الطلبات", "Orders")),
                computed("count", f"=COUNT([.G{first}:.G{last}])"),
                cell("total", say("المجموع", "Total")),
                computed("sum", f"=SUM([.G{first}:.G{last}])"),
                cell("plain"),
                cell("total", say("المدفوع", "Paid")),
                computed("sum", f"=SUM([.H{first}:.H{last}])"),
                cell("total", say("المتبقي", "Left")),
                computed("sum", f"=SUM([.I{first}:.I{last}])"),
                cell("plain", span=2),
            ),
            row(
                cell(
                    "note",
                    say(
                        "اكتب في الخانات البيضاء، والباقي يُحسب وحده.",
                        "Fill the white cells; the rest is worked out.",
                    ),
                    span=11,
                )
            ),
            row(cell("plain", span=11), height_mm=3),
            row(*(cell("head", text) for text in heads), height_mm=11),
            *lines,
        ),
    )
    return Book(tongue=tongue, title=sheet.name, sheets=(sheet,))


def stock(tongue: Tongue) -> Book:
    """What there is of each good, and which are to be bought."""
    say = tongue.say
    first = 6
    last = first + _GOODS - 1
    order = say("اشترِ", "Buy")
    heads = (
        say("الصنف", "Good"),
        say("الوحدة", "Unit"),
        say("رصيد أول المدة", "At first"),
        say("الوارد", "In"),
        say("المنصرف", "Out"),
        say("المتبقي", "Left"),
        say("حد الشراء", "Buy below"),
        say("الحالة", "State"),
    )
    lines = [
        row(
            cell("text"),
            cell("text"),
            cell("number"),
            cell("number"),
            cell("number"),
            computed("number", f'=IF([.A{at}]="";"";N([.C{at}])+N([.D{at}])-N([.E{at}]))'),
            cell("number"),
            computed(
                "text", f'=IF(OR([.A{at}]="";[.G{at}]="");"";IF([.F{at}]<[.G{at}];"{order}";""))'
            ),
        )
        for at in range(first, last + 1)
    ]
    sheet = Sheet(
        name=say("المخزون", "Stock"),
        widths_mm=(52, 20, 21, 18, 20, 20, 20, 20),
        repeated=5,
        rows=(
            row(cell("title", say("المخزون", "Stock"), span=8), height_mm=14),
            row(
                cell("total", say("أصناف يجب شراؤها", "Goods to buy")),
                computed("count", f'=COUNTIF([.H{first}:.H{last}];"{order}")'),
                cell("plain", span=6),
            ),
            row(
                cell(
                    "note",
                    say(
                        "المتبقي = رصيد أول المدة + الوارد - المنصرف.",
                        "Left = at first + in - out.",
                    ),
                    span=8,
                )
            ),
            row(cell("plain", span=8), height_mm=3),
            row(*(cell("head", text) for text in heads), height_mm=11),
            *lines,
        ),
    )
    return Book(tongue=tongue, title=sheet.name, sheets=(sheet,))


def accounts(tongue: Tongue) -> Book:
    """A day book of what came in and went out, and a sheet that sums it by month."""
    say = tongue.say
    first = 4
    last = first + _ENTRIES - 1
    day = say("اليومية", "Day book")
    entries = Sheet(
        name=day,
        widths_mm=(28, 70, 34, 26, 26),
        repeated=3,
        rows=(
            row(cell("title", say("حسابات المشروع", "Accounts"), span=5), height_mm=14),
            row(
                cell(
                    "note",
                    say(
                        "سطر لكل مبلغ: ما دخل في «دخل»، وما خرج في «مصروف». "
                        "المجاميع في الورقة الثانية.",
                        "A line for each amount. The sums are on the second sheet.",
                    ),
                    span=5,
                )
            ),
            row(
                *(
                    cell("head", text)
                    for text in (
                        say("التاريخ", "Date"),
                        say("البيان", "What for"),
                        say("من / إلى", "From / to"),
                        say("دخل", "In"),
                        say("مصروف", "Out"),
                    )
                ),
                height_mm=9,
            ),
            *(
                row(cell("date"), cell("text"), cell("text"), cell("money"), cell("money"))
                for _ in range(_ENTRIES)
            ),
        ),
    )

    def of_month(column: str, month: int) -> str:
        dates = f"[$'{day}'.$A${first}:.$A${last}]"
        amounts = f"[$'{day}'.${column}${first}:.${column}${last}]"
        begin, end = f"DATE([.$B$2];{month};1)", f"DATE([.$B$2];{month + 1};1)"
        return f'=SUMIFS({amounts};{dates};">="&{begin};{dates};"<"&{end})'

    months = Sheet(
        name=say("الشهور", "Months"),
        widths_mm=(40, 40, 40, 40),
        rows=(
            row(cell("title", say("ملخص السنة", "The year"), span=4), height_mm=14),
            row(
                cell("total", say("السنة", "Year")),
                computed(
                    "text",
                    f"=IF(COUNT([$'{day}'.A{first}:.A{last}])=0;0;YEAR(MAX([$'{day}'.A{first}:.A{last}])))",
                ),
                cell("plain", span=2),
            ),
            row(
                *(
                    cell("head", text)
                    for text in (
                        say("الشهر", "Month"),
                        say("الدخل", "In"),
                        say("المصروف", "Out"),
                        say("الربح", "Profit"),
                    )
                ),
                height_mm=9,
            ),
            *(
                row(
                    cell("text", tongue.say(*names)),
                    computed("money", of_month("D", month)),
                    computed("money", of_month("E", month)),
                    computed("money", f"=[.B{month + 3}]-[.C{month + 3}]"),
                )
                for month, names in enumerate(MONTHS, start=1)
            ),
            row(
                cell("total", say("المجموع", "Sum")),
                computed("sum", "=SUM([.B4:.B15])"),
                computed("sum", "=SUM([.C4:.C15])"),
                computed("sum", "=SUM([.D4:.D15])"),
                height_mm=9,
            ),
        ),
    )
    return Book(tongue=tongue, title=say("حسابات المشروع", "Accounts"), sheets=(entries, months))


def customers(tongue: Tongue) -> Book:
    """Who buys, where they live, what they like."""
    say = tongue.say
    first = 5
    last = first + _CUSTOMERS - 1
    heads = (
        say("م", "No."),
        say("الاسم", "Name"),
        say("الجوال", "Mobile"),
        say("الحي", "District"),
        say("ماذا يفضّل", "Likes"),
        say("ملاحظات", "Remarks"),
    )
    sheet = Sheet(
        name=say("قائمة العملاء", "Customers"),
        widths_mm=(14, 52, 34, 36, 60, 60),
        landscape=True,
        repeated=4,
        rows=(
            row(cell("title", say("قائمة العملاء", "Customers"), span=6), height_mm=14),
            row(
                cell("total", say("العدد", "Count")),
                computed("count", f"=COUNTA([.B{first}:.B{last}])"),
                cell("plain", span=4),
            ),
            row(cell("plain", span=6), height_mm=3),
            row(*(cell("head", text) for text in heads), height_mm=9),
            *(
                row(
                    computed("number", f'=IF([.B{at}]="";"";ROW()-{first - 1})'),
                    *(cell("text") for _ in range(5)),
                )
                for at in range(first, last + 1)
            ),
        ),
    )
    return Book(tongue=tongue, title=sheet.name, sheets=(sheet,))


def labels(tongue: Tongue) -> Book:
    """Twenty-one labels of one product on a page, from one sheet that is filled in."""
    say = tongue.say
    facts = say("بيانات المنتج", "Product")
    asked = (
        (say("اسم المنتج", "Product's name"), "text"),
        (say("المكونات", "Ingredients"), "text"),
        (say("الوزن أو العدد", "Weight or count"), "text"),
        (say("تاريخ الإنتاج", "Made on"), "date"),
        (say("عدد أيام الصلاحية", "Days that it keeps"), "number"),
        (say("طريقة الحفظ", "How to keep it"), "text"),
        (say("اسم مشروعك وجوالك", "Your business and mobile"), "text"),
    )
    source = Sheet(
        name=facts,
        widths_mm=(60, 110),
        rows=(
            row(cell("title", say("ملصقات المنتجات", "Product labels"), span=2), height_mm=14),
            row(
                cell(
                    "note",
                    say(
                        "املأ هذه الورقة، ثم اطبع الورقة الثانية: 21 ملصقًا في صفحة.",
                        "Fill this sheet, then print the second one: 21 labels on a page.",
                    ),
                    span=2,
                )
            ),
            *(
                row(
                    cell("label", text),
                    cell("date" if look == "date" else "number" if look == "number" else "text"),
                    height_mm=10,
                )
                for text, look in asked
            ),
            row(
                cell("total", say("تاريخ الانتهاء", "Best before")),
                computed("date", '=IF(OR([.B6]="";[.B7]="");"";[.B6]+[.B7])'),
            ),
        ),
    )

    def filled(look_row: int) -> str:
        return f"=IF([$'{facts}'.$B${look_row}]=\"\";\"\";[$'{facts}'.$B${look_row}])"

    def dated(label: str, look_row: int) -> str:
        place = f"[$'{facts}'.$B${look_row}]"
        # DAY and the rest, for TEXT would read its format in the language of the program.
        day = f'DAY({place})&"/"&MONTH({place})&"/"&YEAR({place})'
        return f'=IF({place}="";"";"{label}: "&{day})'

    made, before = say("الإنتاج", "Made"), say("الانتهاء", "Best before")
    looks: tuple[Look, ...] = ("big", "small", "small", "small", "small", "small", "small")
    formulas = (
        filled(3),
        filled(4),
        filled(5),
        dated(made, 6),
        dated(before, 10),
        filled(8),
        filled(9),
    )
    heights = (7.5, 8.0, 4.5, 4.5, 4.5, 4.5, 5.0)
    block = [
        row(*(computed(look, formula) for _ in range(3)), height_mm=height)
        for look, formula, height in zip(looks, formulas, heights, strict=True)
    ]
    page = Sheet(name=say("الملصقات", "Labels"), widths_mm=(61, 61, 61), rows=tuple(block * 7))
    return Book(
        tongue=tongue, title=say("ملصقات المنتجات", "Product labels"), sheets=(source, page)
    )
