"""The list of all templates: what each is called as a file, on the screen, and who writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imagebuilder.templates import books, sales
from imagebuilder.templates.flyer import flyer
from imagebuilder.templates.sheet import Book, flat_odf
from imagebuilder.templates.words import Tongue


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template. `form`: `ots` or `ott`; `source`: its Flat ODF in a language."""

    name: str
    ar: str
    en: str
    form: str
    source: Callable[[Tongue], str]

    @property
    def flat_form(self) -> str:
        """The ending of the Flat ODF file that LibreOffice takes it from."""
        return {"ots": "fods", "ott": "fodt"}[self.form]


def _sheet(name: str, ar: str, en: str, make: Callable[[Tongue], Book]) -> Template:
    return Template(
        name=name, ar=ar, en=en, form="ots", source=lambda tongue: flat_odf(make(tongue))
    )


TEMPLATES = (
    _sheet("bill", "فاتورة", "Bill", sales.bill),
    _sheet("quotation", "عرض سعر", "Quotation", sales.quotation),
    _sheet("price-list", "قائمة أسعار", "Price list", sales.price_list),
    _sheet("order-book", "دفتر الطلبات", "Order book", books.order_book),
    _sheet("stock", "المخزون", "Stock", books.stock),
    _sheet("accounts", "حسابات المشروع", "Accounts", books.accounts),
    _sheet("customers", "قائمة العملاء", "Customers", books.customers),
    _sheet("labels", "ملصقات المنتجات", "Product labels", books.labels),
    Template(name="flyer", ar="إعلان", en="Flyer", form="ott", source=flyer),
)
