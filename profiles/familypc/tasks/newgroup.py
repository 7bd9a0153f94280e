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
    },
)


def main() -> None:
    """Ask, with "no" as what a careless Enter says; polkit lets this account start that unit."""
    tongue = language(os.environ)
    title, question = TEXTS.say(tongue, "title"), TEXTS.say(tongue, "question")
    asking = ["zenity", "--question", "--default-cancel", f"--title={title}", f"--text={question}"]
    if subprocess.run(asking, check=False).returncode == 0:
        unit = "tajdeed-new-group.service"
        subprocess.run(["systemctl", "start", "--no-ask-password", unit], check=True)


if __name__ == "__main__":
    main()
