"""Every text of the way back, key to English (`familypc.texts`): a row for each."""

from __future__ import annotations

from familypc.texts import Texts
from familypc.wayback.giving import Choice
from familypc.wayback.snapshots import day

TEXTS = Texts(
    "wayback",
    {
        "title": "Take the PC back to an earlier state",
        "why": "If the PC is broken or behaves oddly, it can be as it was. Choose, then “Take back”.",
        "update": "As it was before the updates of {day}. Your files and accounts stay.",
        "factory-stay": "As you received it. Your files and accounts stay; programs that you added go.",
        "factory-go": "As you received it. All your files and accounts are deleted, for good.",
        "sure": "Yes, delete all our files and accounts",
        "not-sure": "To delete the files, tick “Yes, delete” first",
        "take-back": "Take back",
        "cancel": "Cancel: leave the PC as it is",
        "working": "One moment, please …",
        "done": "Done. The PC starts again now.",
        "failed": "That did not work: {what}. Nothing was deleted that you did not ask to delete.",
        "keys": "By keyboard: Tab and arrows to move, Space to choose, Enter to press a button",
    },
)

say, all_keys = TEXTS.say, TEXTS.keys

OTHER_LANGUAGE = {"ar": "English", "en": "العربية"}
"""A language is called by its own name: nothing to translate."""


def choice_text(language: str, choice: Choice) -> str:
    """What a choice means for whoever chooses it."""
    if not choice.is_factory:
        # A date keeps its own direction inside an Arabic line.
        return say(language, "update", day=f"\u2066{day(choice.state)}\u2069")
    return say(language, "factory-stay" if choice.files_stay else "factory-go")
