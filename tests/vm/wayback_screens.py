"""The way back's question on the X screen that it finds, in both languages: run in a tree.

`python3 wayback_screens.py DIRECTORY`, as its neighbour `assistant_screens.py`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from assistant_screens import facts, picture, settle  # type: ignore[import-not-found]

from familypc.wayback.giving import choices
from familypc.wayback.window import Question

# The most that there can be.
NAMES = ["@", "@home", "@factory", "@home-factory", "@before-2026-11-20", "@before-2026-12-03"]


def main() -> None:
    """As it stands first, and when files are to go and the mark is missing."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    acted: list[object] = []
    found: dict[str, dict[str, Any]] = {}
    for language in ("ar", "en"):
        window = Question(choices(NAMES), language, acted.append)
        window.present()
        settle(1)

        def keep(label: str, window: Question = window) -> None:
            settle()
            found[label] = facts(window)
            found[label]["focus"] = window.get_focus().get_label()
            picture(window, directory / f"{label}.png")

        keep(f"{language}-wayback")
        window.chosen = window.offered[-1]
        window.show_page()
        window._go()
        keep(f"{language}-wayback-files-go")
        window.destroy()
    found["acted"] = {"times": len(acted)}
    (directory / "facts.json").write_text(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
