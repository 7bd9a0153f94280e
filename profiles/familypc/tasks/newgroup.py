"""The course room: the teacher's button. Asks, then marks the reset and starts the PC anew."""

from __future__ import annotations

import os
import subprocess

from familypc.tasks.session import language
from familypc.texts import Texts

TEXTS = Texts(
    "course",
    {
        "title": "New group",
        "question": "All files and print jobs of the last group will be deleted from this PC,"
        " and it will start anew. Go on?",
        "yes": "Yes, delete them",
        "no": "No",
    },
)


def main() -> None:
    """Ask, with "no" as what a careless Enter says; polkit lets this account start that unit."""
    tongue = language(os.environ)
    # zenity has no Arabic for its own buttons.
    names = {"title": "title", "text": "question", "ok-label": "yes", "cancel-label": "no"}
    options = [f"--{option}={TEXTS.say(tongue, key)}" for option, key in names.items()]
    asking = ["zenity", "--question", "--default-cancel", *options]
    if subprocess.run(asking, check=False).returncode == 0:
        unit = "tajdeed-new-group.service"
        subprocess.run(["systemctl", "start", "--no-ask-password", unit], check=True)


if __name__ == "__main__":
    main()
