"""The question on a console that cannot show Arabic: numbers and one line of English each."""

from __future__ import annotations

from familypc.wayback import volumes
from familypc.wayback.giving import choices, give_back
from familypc.wayback.words import choice_text, say


def question() -> None:
    """Ask until there is an answer, then do it; an empty line leaves everything as it is."""
    with volumes.top(volumes.root_device()) as place:
        offered = choices([path.name for path in place.iterdir()])
        print(f"\n{say('en', 'title')}\n")
        for number, choice in enumerate(offered, 1):
            print(f"  {number}  {choice_text('en', choice)}")
        print(f"\nNumber and Enter. Enter alone: {say('en', 'cancel')}")
        while answer := input("> ").strip():
            if not answer.isdecimal() or not 1 <= int(answer) <= len(offered):
                continue
            choice = offered[int(answer) - 1]
            if not choice.files_stay and input(f"{say('en', 'sure')}: type yes > ") != "yes":
                continue
            give_back(place, choice)
            print(say("en", "done"))
            return
