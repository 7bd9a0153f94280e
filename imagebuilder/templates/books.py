"""What the business keeps for itself: orders, stock, accounts, customers.

Long lists with their sums at the top, where they stay in view. Nothing in them depends on the
day that they are opened, and nothing leaves a sum unsaid: where a text stands for a number, the
line shows a mark and the sum says so.
"""

from __future__ import annotations

from imagebuilder.templates.sheet import (
    Book,
    Look,
    Sheet,
    cell,
    computed,
    mark,
    no_number,
    row,
)
from imagebuilder.templates.words import MONTHS, Tongue

# What a book of many years may hold: all of it is formatted and summed.
_ENTRIES = 20_000
# Lines that work something out. LibreOffice prints these even when they are empty, the others not.
_ORDERS = 200
_GOODS = 100
_CUSTOMERS = 200


def order_book(tongue: Tongue) -> Book:
    """Each order with what was paid and what is left; the sums of all at the top."""
    say = tongue.say
    first = 6
    near = first + _ORDERS - 1
    last = first + _ENTRIES - 1
    bad, missing = mark(tongue), no_number(tongue)

    def typed(columns: str) -> str:
        """Whether what stands in these columns is numbers throughout."""
        begin, end = columns[0], columns[-1]
        area = f"[.{begin}{first}:.{end}{last}]"
        return f"COUNT({area})=COUNTA({area})"

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
            computed(
                "result",
                f"=IF(COUNT([.E{at}:.F{at}])=2;ROUND([.E{at}]*[.F{at}];2);"
                f'IF(COUNT([.E{at}:.F{at}])=COUNTA([.E{at}:.F{at}]);"";"{bad}"))',
            ),
            cell("money"),
            computed(
                "result",
                f'=IF([.G{at}]="";"";IF(COUNT([.G{at}:.H{at}])=1+COUNTA([.H{at}]);'
                f'[.G{at}]-SUM([.H{at}]);"{bad}"))',
            ),
            cell("date"),
            cell("text"),
        )
        for at in range(first, near + 1)
    ]
    looks: tuple[Look, ...] = (
        *("date", "text", "text", "text", "number", "money", "result", "money", "result"),
        *("date", "text"),
    )
    far = row(*(cell(look) for look in looks), times=last - near)
    # Beyond the lines that work out their total: quantity by price, unless a total stands there.
    beyond = (
        f"SUMPRODUCT([.E{near + 1}:.E{last}];[.F{near + 1}:.F{last}];"
        f'--([.G{near + 1}:.G{last}]=""))'
    )
    sheet = Sheet(
        name=say("دفتر الطلبات", "Order book"),
        widths_mm=(26, 36, 28, 37, 21, 21, 24, 22, 24, 26, 20),
        landscape=True,
        repeated=5,
        rows=(
            row(cell("title", say("دفتر الطلبات", "Order book"), span=11), height_mm=14),
            row(
                cell("total", say("عدد الطلبات", "Orders")),
                computed(
                    "count",
                    "=SUMPRODUCT("
                    + "+".join(f'([.{column}{first}:.{column}{last}]<>"")' for column in "BDEG")
                    + ">0)",
                ),
                cell("total", say("المجموع", "Total")),
                computed(
                    "sum",
                    f"=IF(AND({typed('EF')};"
                    f"SUMPRODUCT(LEN([.G{first}:.G{last}])>0)=COUNT([.G{first}:.G{last}]));"
                    f'SUM([.G{first}:.G{last}])+{beyond};"{missing}")',
                ),
                cell("plain"),
                cell("total", say("المدفوع", "Paid")),
                computed("sum", f'=IF({typed("H")};SUM([.H{first}:.H{last}]);"{missing}")'),
                cell("total", say("المتبقي", "Left")),
                computed("sum", f'=IF(COUNT([.D2];[.G2])=2;[.D2]-[.G2];"{missing}")'),
                cell("plain", span=2),
            ),
            row(
                cell(
                    "note",
                    say(
                        "اكتب في الخانات البيضاء، والملوّنة تُحسب وحدها. "
                        f"بعد السطر {near} انسخ الخانات الملوّنة من أي سطر قبله. "
                        "والمجاميع تشمل كل السطور.",
                        "Fill the white cells; the coloured ones are worked out. "
                        f"Below row {near}, copy them from a row above; the sums have all rows.",
                    ),
                    span=11,
                )
            ),
            row(cell("plain", span=11), height_mm=3),
            row(*(cell("head", text) for text in heads), height_mm=11),
            *lines,
            far,
        ),
    )
    return Book(tongue=tongue, title=sheet.name, sheets=(sheet,))


def stock(tongue: Tongue) -> Book:
    """What there is of each good, and which are to be bought."""
    say = tongue.say
    first = 6
    last = first + _GOODS - 1
    order, bad = say("اشترِ", "Buy"), mark(tongue)
    heads = (
        say("الصنف", "Item"),
        say("الوحدة", "Unit"),
        say("الموجود أولًا", "At the start"),
        say("دخل", "Came in"),
        say("خرج", "Used or sold"),
        say("المتبقي", "Left"),
        say("اشترِ إذا قلّ عن", "Buy when below"),
        say("الحالة", "State"),
    )
    lines = [
        row(
            cell("text"),
            cell("text"),
            cell("number"),
            cell("number"),
            cell("number"),
            computed(
                "figure",
                f'=IF([.A{at}]="";"";IF(COUNT([.C{at}:.E{at}])=COUNTA([.C{at}:.E{at}]);'
                f'SUM([.C{at}:.D{at}])-SUM([.E{at}]);"{bad}"))',
            ),
            cell("number"),
            computed(
                "told",
                f'=IF(OR([.A{at}]="";COUNTA([.G{at}])=0);"";'
                f'IF(COUNT([.F{at}:.G{at}])<2;"{bad}";IF([.F{at}]<[.G{at}];"{order}";"")))',
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
                computed(
                    "count",
                    f'=IF(SUMPRODUCT([.H{first}:.H{last}]="{bad}")>0;"{no_number(tongue)}";'
                    f'COUNTIF([.H{first}:.H{last}];"{order}"))',
                ),
                cell("plain", span=6),
            ),
            row(
                cell(
                    "note",
                    say(
                        "المتبقي = الموجود أولًا + ما دخل - ما خرج.",
                        "Left = at the start + came in - used or sold.",
                    ),
                    span=8,
                )
            ),
            row(cell("plain", span=8), height_mm=3),
            row(*(cell("head", text) for text in heads), height_mm=17),
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
            row(
                *(cell("date"), cell("text"), cell("text"), cell("money"), cell("money")),
                times=_ENTRIES,
            ),
        ),
    )

    def all_of(column: str) -> str:
        return f"[$'{day}'.${column}${first}:.${column}${last}]"

    def of_month(column: str, month: int) -> str:
        dates = all_of("A")
        begin, end = f"DATE([.$B$2];{month};1)", f"DATE([.$B$2];{month + 1};1)"
        summed = f'SUMIFS({all_of(column)};{dates};">="&{begin};{dates};"<"&{end})'
        return f"=IF(COUNT([.$B$2])=0;0;{summed})"

    def left_out(column: str, months: str) -> str:
        amounts = all_of(column)
        return (
            f"=IF(COUNT({amounts})=COUNTA({amounts});ROUND(SUM({amounts})-{months};2);"
            f'"{no_number(tongue)}")'
        )

    # The year of the third latest date, so that a slip or two (2062) does not move all months. No
    # paper is of a year before 2000: a Hijri one (1448) is not taken for it.
    rank = f'MIN(3;COUNTIF({all_of("A")};">="&DATE(2000;1;1)))'
    year = f'=IF({rank}=0;"";YEAR(LARGE({all_of("A")};{rank})))'
    months = Sheet(
        name=say("الشهور", "Months"),
        widths_mm=(40, 40, 40, 40),
        rows=(
            row(cell("title", say("ملخص السنة", "The year"), span=4), height_mm=14),
            row(
                cell("total", say("السنة", "Year")),
                computed("year", year),
                cell(
                    "note",
                    say(
                        "لسنة أخرى: اكتبها في الخانة البيضاء.",
                        "For another year, type it into the white cell.",
                    ),
                    span=2,
                ),
                height_mm=11,
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
                    computed("result", of_month("D", month)),
                    computed("result", of_month("E", month)),
                    computed("result", f"=[.B{month + 3}]-[.C{month + 3}]"),
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
            row(
                cell(
                    "text",
                    say("مبالغ بلا تاريخ أو خارج هذه السنة", "Without a date or not of this year"),
                ),
                computed("result", left_out("D", "[.B16]")),
                computed("result", left_out("E", "[.C16]")),
                computed(
                    "result", f'=IF(COUNT([.B17:.C17])=2;[.B17]-[.C17];"{no_number(tongue)}")'
                ),
                height_mm=14,
            ),
        ),
    )
    return Book(tongue=tongue, title=say("حسابات المشروع", "Accounts"), sheets=(entries, months))


def customers(tongue: Tongue) -> Book:
    """Who buys, where they live, what they like."""
    say = tongue.say
    first = 5
    near = first + _CUSTOMERS - 1
    last = first + _ENTRIES - 1
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
                    computed("figure", f'=IF([.B{at}]="";"";ROW()-{first - 1})'),
                    *(cell("text") for _ in range(5)),
                )
                for at in range(first, near + 1)
            ),
            row(cell("figure"), *(cell("text") for _ in range(5)), times=last - near),
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
                computed(
                    "day",
                    "=IF(COUNT([.B6:.B7])=2;[.B6]+[.B7];"
                    f'IF(COUNT([.B6:.B7])=COUNTA([.B6:.B7]);"";"{mark(tongue)}"))',
                ),
            ),
        ),
    )

    def filled(look_row: int) -> str:
        return f"=IF([$'{facts}'.$B${look_row}]=\"\";\"\";[$'{facts}'.$B${look_row}])"

    def dated(label: str, look_row: int) -> str:
        place = f"[$'{facts}'.$B${look_row}]"
        # DAY and the rest, for TEXT would read its format in the language of the program.
        day = f'DAY({place})&"/"&MONTH({place})&"/"&YEAR({place})'
        return f'=IF({place}="";"";"{label}: "&IFERROR({day};{place}))'

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
