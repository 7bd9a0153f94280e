"""The donated PC at one glance, before any drive is spoken of in detail."""

from __future__ import annotations

from appliance.i18n import _, ngettext
from appliance.job.state import JobState
from appliance.model import Machine as MachineFacts
from appliance.tui import words
from appliance.tui.notices import reasons
from appliance.tui.rows import EMPTY, Cell, Row, row
from appliance.tui.screen import Call, Go, Intent, Key, Screen, power_off_keys
from appliance.tui.text import UNKNOWN, isolated

_LABEL_CELLS = 20


def _line(label: str, value: str, role: str = "normal") -> Row:
    return row("  ", Cell(label, "quiet", width=_LABEL_CELLS), Cell(value, role, fill=True))


def _firmware(machine: MachineFacts) -> str:
    version = f"{isolated(machine.firmware_kind.upper())} {isolated(machine.firmware_version)}"
    if machine.firmware_kind == "bios":
        return version  # it has no Secure Boot to speak of
    secure = {
        True: _("Secure Boot on"),
        False: _("Secure Boot off"),
        None: _("Secure Boot unknown"),
    }[machine.secure_boot]
    return _("{first}, {second}").format(first=version, second=secure)


class Machine(Screen):
    """Shown first when the search is over."""

    name = "machine"

    def title(self) -> str:
        return _("Machine")

    def sentence(self, state: JobState) -> str:
        return _("Is this the machine in front of you? Nothing has been written so far.")

    def keys(self, state: JobState) -> tuple[Key, ...]:
        return (
            Key("enter", _("Drives and plan"), lambda: Go("drives")),
            Key("r", _("Search again"), self._again, aliases=("R",)),
            *power_off_keys(),
        )

    def _again(self) -> Intent:
        return Call("Rescan")

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        machine = state.machine
        if machine is None:
            return []
        memory = words.memory(machine.ram_mib)
        aes = _("with AES instructions") if machine.cpu_aes else _("without AES instructions")
        threads = ngettext("{n} thread", "{n} threads", machine.cpu_threads).format(
            n=machine.cpu_threads
        )
        rows = [
            _line(
                _("Maker and model"),
                f"{isolated(machine.maker)} {isolated(machine.model)}",
                "strong",
            ),
            _line(_("Serial number"), isolated(machine.serial), "strong"),
            _line(_("Asset tag"), isolated(state.asset_tag) if state.asset_tag else UNKNOWN),
            _line(_("Donor's tag"), isolated(machine.donor_asset_tag)),
            _line(_("Processor"), isolated(machine.cpu)),
            _line("", _("{first}, {second}").format(first=threads, second=aes)),
            _line(_("Memory"), memory),
            _line(_("Firmware"), _firmware(machine)),
        ]
        for battery in machine.batteries:
            health = UNKNOWN if battery.health_percent is None else f"{battery.health_percent} %"
            charge = UNKNOWN if battery.percent is None else f"{battery.percent} %"
            text = _("health {health}, charge {charge}")
            rows.append(
                _line(_("Battery"), text.format(health=isolated(health), charge=isolated(charge)))
            )
        rows += [
            _line(_("Network"), f"{isolated(nic.name)} {isolated(nic.mac)}")
            for nic in machine.nics
            if nic.kind != "loopback"
        ]
        rows.append(EMPTY)
        for drive in machine.drives:
            what = _("never erased") if drive.is_stick else words.kind(drive.bus, drive.media)
            rows.append(
                row(
                    "  ",
                    Cell(
                        _("Boot stick") if drive.is_stick else _("Drive"),
                        "quiet",
                        width=_LABEL_CELLS,
                    ),
                    Cell(isolated(drive.identity.model), width=24),
                    " ",
                    Cell(words.size(drive.size_bytes), width=8, end=True),
                    "  ",
                    Cell(what, fill=True),
                )
            )
        if not any(not drive.is_stick for drive in machine.drives):
            rows.append(_line(_("Drives"), _("none found"), "doubt"))
        if machine.warnings:
            rows += [EMPTY, *reasons(machine.warnings, width, "doubt", 2)]
        return rows
