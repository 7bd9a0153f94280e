"""Runs inside a tree with LibreOffice: opens templates, types into cells, saves, prints to PDF.

`fill_papers.py ORDERS.json`: a list of {template, cells: [[sheet, place, text]], saved, pdf}. What
stands in the saved files afterwards is judged outside.
"""

import json
import subprocess
import sys
import time
from typing import Any

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

PIPE = "pipe,name=papers;urp;StarOffice.ComponentContext"
FILTERS = {"ots": ("calc8", "calc_pdf_Export"), "ott": ("writer8", "writer_pdf_Export")}


def value(name: str, what: object) -> Any:
    item = PropertyValue()
    item.Name, item.Value = name, what
    return item


def office_context() -> Any:
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    for _ in range(600):
        try:
            return resolver.resolve(f"uno:{PIPE}")
        except NoConnectException:
            time.sleep(0.2)
    raise TimeoutError("soffice does not answer")


def fill(context: Any, top: Any, order: dict[str, Any]) -> None:
    address = f"file://{order['template']}"
    # As File > New from template does: a new document, the template stays as it is.
    document = top.loadComponentFromURL(
        address, "_blank", 0, (value("Hidden", True), value("AsTemplate", True))
    )
    # As typed into the input line: read by the cell's format, and the session's language.
    hand = context.ServiceManager.createInstanceWithContext(
        "com.sun.star.frame.DispatchHelper", context
    )
    view = document.CurrentController
    for sheet, place, text in order["cells"]:
        view.setActiveSheet(document.Sheets.getByIndex(sheet))
        view.select(document.Sheets.getByIndex(sheet).getCellRangeByName(place))
        hand.executeDispatch(view.Frame, ".uno:EnterString", "", 0, (value("StringName", text),))
    saved, printed = FILTERS[order["template"].rpartition(".")[2]]
    document.storeToURL(f"file://{order['saved']}", (value("FilterName", saved),))
    document.storeToURL(f"file://{order['pdf']}", (value("FilterName", printed),))
    document.close(True)


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as stream:
        orders = json.load(stream)
    office = subprocess.Popen(
        [
            *("soffice", "-env:UserInstallation=file:///tmp/papers-profile", "--headless"),
            *("--norestore", f"--accept={PIPE}"),
        ]
    )
    try:
        context = office_context()
        top = context.ServiceManager.createInstanceWithContext(
            "com.sun.star.frame.Desktop", context
        )
        for order in orders:
            fill(context, top, order)
        top.terminate()
    finally:
        office.wait(60)


main()
