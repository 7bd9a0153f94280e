"""Live progress of a batch run in the terminal, made from its events."""

import time

from imagebuilder.console import elapsed, say
from imagebuilder.demo.watch import Event

_EVERY_S = 10.0
_SILENT = ("attached", "phase", "countdown", "progress", "statement", "delivery", "end")


class Progress:
    """Says what happens to whom; numbers every ten seconds."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._said_at = 0.0
        self._said: set[str] = set()

    def show(self, event: Event) -> None:
        """Say what this event means, if anything new."""
        kind = event["event"]
        if kind == "machine":
            self._machine(event)
        elif kind == "progress" and time.monotonic() - self._said_at >= _EVERY_S:
            self._said_at = time.monotonic()
            for drive in event["drives"]:
                self._numbers(drive)
        elif kind == "drive":
            self._drive(event)
        elif kind == "refused":
            say(f"refused: {event['text']}")
        elif kind == "delivery" and event["registered"]:
            self._once(f"central server: {event['registered']} statements registered")
        elif kind not in _SILENT:
            say(" ".join([kind, *(str(event[name]) for name in ("outcome",) if name in event)]))

    def _machine(self, event: Event) -> None:
        self._once(f"{event['maker']} {event['model']}, asset tag {event['asset_tag']}")
        for drive in event["drives"]:
            name = f"{drive['model']} {drive['serial']}"
            self._names[drive["key"]] = name
            size = f"{drive['size_bytes'] / 1e9:.1f} GB, {drive['bus']}"
            if drive["erases"]:
                image = f", then {drive['image']}" if drive["image"] else ""
                self._once(f"{name} ({size}): {' or '.join(drive['methods'])}{image}")
            else:
                self._once(f"{name} ({size}): left alone: {', '.join(drive['refusals'])}")

    def _drive(self, event: Event) -> None:
        words = [f"{event['model']} {event['serial']}:", event["phase"]]
        if event["outcome"]:
            words.append(f"({event['outcome']}, {event['level']})")
        if event["image_outcome"]:
            words.append(f"image {event['image_outcome']}")
        self._once(" ".join(words))

    def _numbers(self, drive: Event) -> None:
        if not drive["total_bytes"] or not drive["done_bytes"]:
            return
        share = drive["done_bytes"] / drive["total_bytes"]
        left = f", {elapsed(drive['left_s'])} left" if drive["left_s"] is not None else ""
        rate = f"{drive['rate_bytes_s'] / 1e6:.0f} MB/s"
        say(f"{self._names.get(drive['key'], '?')}: {drive['phase']} {share:.0%}, {rate}{left}")

    def _once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            say(text)
