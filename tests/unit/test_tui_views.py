"""What a person reads at 80x24, in both languages, for each state of a job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from appliance import i18n
from appliance.job.assettag import asset_tag
from appliance.job.state import JobState
from appliance.model import Identity, Reason, digest
from appliance.tui import words
from appliance.tui.palette import ROLES
from appliance.tui.screens.result import next_step
from appliance.tui.session import Session
from appliance.tui.text import visual
from tests.unit import face_states as states

SIZE = (80, 24)
EVERY_STATE = {
    "detecting": states.DETECTING,
    "blocked": states.BLOCKED,
    "consent": states.CONSENT,
    "no-drives": states.NO_DRIVES,
    "frozen": states.with_notes("ata-frozen"),
    "locked": states.with_locks("revert-locked-drive"),
    "running": states.RUNNING,
    "late-drives": states.LATE_DRIVES,
    "finished": states.FINISHED,
    "registered": states.REGISTERED,
}
WAYS = {
    "first": (),
    "drives": ("enter",),
    "consent": ("enter", "c", "right", "tab", *"6134"),
    "attest": ("enter", "a"),
    "sleep": ("enter", "s", "right"),
    "help": ("f1",),
}


def face(state: JobState, language: str, *keys: str) -> Session:
    """A face in that language after these keys."""
    session = Session(follows=False)
    session.absorb(state)
    i18n.use(language)
    for key in keys:
        session.press(key)
    return session


def screen(session: Session, width: int = 80, height: int = 24) -> list[str]:
    """The lines of the terminal."""
    return ["".join(text for text, _ in runs) for runs in session.frame(width, height)]


def shows(lines: list[str], text: str) -> bool:
    """Whether the text stands on one line, as the language of this test shows it."""
    return any(visual(text, i18n.language() == "ar") in line for line in lines)


@pytest.fixture(params=["en", "ar"])
def tongue(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each of the two languages."""
    i18n.use(request.param)
    yield request.param


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", EVERY_STATE)
@pytest.mark.parametrize("size", [(80, 24), (81, 25), (100, 37), (160, 50)])
def test_every_screen_fills_its_terminal_exactly(
    name: str, way: str, size: tuple[int, int], tongue: str
) -> None:
    session = face(EVERY_STATE[name], tongue, *WAYS[way])
    frame = session.frame(*size)
    assert len(frame) == size[1]
    assert {sum(len(text) for text, _ in runs) for runs in frame} == {size[0]}
    assert {role for runs in frame for _, role in runs} <= set(ROLES)


def test_machine_screen(tongue: str) -> None:
    lines = screen(face(states.CONSENT, tongue))
    for text in ("LENOVO 20L6S3VP00", "PF12AB34", "8 GiB", "TJ-004127-8", "500 GB", "256 GB"):
        assert shows(lines, text), text


def test_drives_screen_names_each_drive_and_what_becomes_of_it(tongue: str) -> None:
    lines = screen(face(states.CONSENT, tongue, "enter"))
    for text in ("ST500LM012 HN-M500MBB", "S2ZZJ9AB706134", "/dev/nvme0n1", "WX11A1234567"):
        assert shows(lines, text), text
    assert shows(lines, i18n._("This is the boot stick: it is never a target."))
    assert shows(lines, "/dev/sda5 lvm vg0") or shows(lines, "vg0 lvm /dev/sda5")


def test_sleep_screen_says_what_may_happen_and_asks_who(tongue: str) -> None:
    lines = screen(face(states.with_notes("ata-frozen"), tongue, "enter", "s", "right"))
    assert shows(lines, i18n._("Technician")) and shows(lines, "Khalid Al-Harbi")
    assert shows(lines, i18n._("Sleep"))


def test_a_screen_that_only_waits_for_late_drives_says_so_and_how_long(tongue: str) -> None:
    text = i18n._("Do not switch off. Drives may still appear: looking for {time} more.")
    # The last word of the sentence must not be cut off.
    wanted = text.format(time="0:01:10")
    assert shows(screen(face(states.LATE_DRIVES, tongue)), wanted)
    # A drive that is written to needs longer, and is what counts.
    writing = replace(states.LATE_DRIVES, drives=states.RUNNING.drives)
    assert not shows(screen(face(writing, tongue)), wanted)


def test_arabic_layout_is_mirrored() -> None:
    english = screen(face(states.RUNNING, "en"))
    arabic = screen(face(states.RUNNING, "ar"))
    line_en = next(line for line in english if "ST500LM012" in line)
    line_ar = next(line for line in arabic if "ST500LM012" in line)
    assert line_en.index("ST500LM012") < line_en.index("S2ZZJ9AB706134") < line_en.index("/dev/sda")
    assert line_ar.index("/dev/sda") < line_ar.index("S2ZZJ9AB706134") < line_ar.index("ST500LM012")
    bar_en = next(line for line in english if "█" in line)
    bar_ar = next(line for line in arabic if "█" in line)
    assert bar_en.index("█") < bar_en.index("░")
    assert bar_ar.index("░") < bar_ar.index("█")
    # Numbers and units are not reversed with the layout.
    assert "112 MB/s" in bar_ar
    assert "52.2 %" in bar_ar


def test_levels_carry_the_english_word_beside_the_arabic() -> None:
    text = "\n".join(screen(face(states.CONSENT, "ar", "enter")))
    assert "Clear" in text
    assert "Purge" in text


def test_consent_asks_for_each_serial_and_says_which_is_wrong(tongue: str) -> None:
    session = face(states.CONSENT, tongue, "enter", "c", "right", "tab", *"6134", *"0000")
    lines = screen(session)
    assert shows(lines, i18n._("right"))
    assert shows(lines, i18n._("not this drive"))
    assert session.press("f10") is None
    lines = screen(session)
    message = lines[-2]
    assert "SAMSUNG MZVLB256HBHQ-000L7" in message
    assert "0000" in message


def test_consent_says_what_is_removed_from_the_drive_first(tongue: str) -> None:
    hidden = Reason(code="remove-hpa", facts={"blocks": 8192})
    drives = tuple(
        replace(item, preparations=(hidden,)) if item.erases else item
        for item in states.PLAN.drives
    )
    state = replace(states.CONSENT, plan=replace(states.PLAN, drives=drives))
    lines = screen(face(state, tongue, "enter", "c"))
    assert sum("8192" in line for line in lines) == len([one for one in drives if one.erases])


def test_consent_takes_the_tag_of_the_label_and_refuses_a_misread_one(tongue: str) -> None:
    tag = asset_tag(b"label")
    misread = tag[:-1] + ("0" if tag[-1] != "0" else "1")

    def scanned(typed: str) -> Session:
        return face(states.SCANNING, tongue, "enter", "c", "right", "tab", *typed, "enter")

    assert shows(screen(scanned(tag)), i18n._("right"))
    session = scanned(misread)
    lines = screen(session)
    assert shows(lines, i18n._("misread: scan it again"))
    assert any(misread in line for line in lines)
    session.press("f10")
    assert misread in screen(session)[-2]


def test_a_locked_drive_is_told_of_and_its_psid_is_asked_for(tongue: str) -> None:
    locked = states.with_locks("revert-locked-drive")
    assert "PSID" in "\n".join(screen(face(locked, tongue, "enter")))
    session = face(locked, tongue, "enter", "c", "right", "tab", *"6134", *"ABCD-12")
    lines = screen(session)
    assert shows(lines, i18n._("PSID on the drive's label"))
    assert shows(lines, i18n._("{n} of {wanted} characters").format(n=6, wanted=32))
    assert any("ABCD12" + "_" * 26 in line for line in lines)
    session = face(locked, tongue, "enter", "c", "right", "tab", *"6134")
    assert shows(screen(session), i18n._("without it this drive stays as it is"))
    in_use = states.with_locks("revert-drive-in-use")
    session = face(in_use, tongue, "enter", "c", "right", "tab", *"6134")
    assert shows(screen(session), i18n._("may be left empty"))


def test_progress_shows_errors_only_where_there_are_some(tongue: str) -> None:
    running = face(states.RUNNING, tongue)
    word = i18n.ngettext("{n} range with errors", "{n} ranges with errors", 3).format(n=3)
    assert shows(screen(running), word)
    clean = replace(states.RUNNING.drives[0], error_ranges=0)
    running.absorb(replace(states.RUNNING, drives=(clean, *states.RUNNING.drives[1:])))
    assert not shows(screen(running), word)


def test_a_failed_machine_is_not_to_be_handed_on(tongue: str) -> None:
    lines = screen(face(states.FINISHED, tongue))
    assert shows(lines, f"✗ {i18n._('failed')}")
    assert "0123456789abcdef" in "\n".join(lines)
    first_words = " ".join(i18n._(
        "Do not hand this machine on: mark it, keep its failed drives apart, and destroy or "
        "try them again."
    ).split()[:4])  # fmt: skip
    assert shows(lines, first_words)


def test_registered_statements_are_the_good_end(tongue: str) -> None:
    lines = screen(face(states.REGISTERED, tongue))
    assert shows(lines, f"✓ {i18n._('cleared')}")
    assert shows(lines, i18n._("system installed"))


def test_no_drive_is_not_a_success(tongue: str) -> None:
    session = face(states.NO_DRIVES, tongue, "enter")
    sentence = i18n._("No drive was found. That is not a success: look inside the machine.")
    assert shows(screen(session), sentence)


def test_blocked_screen_tells_what_to_put_right(tongue: str) -> None:
    text = "\n".join(screen(face(states.BLOCKED, tongue)))
    assert "/run/tajdeed/data/station.yaml" in text
    assert "policies" in text


def test_without_a_key_every_screen_says_so_loudly(tongue: str) -> None:
    station = replace(states.STATION, unsigned=Reason(code="state-missing"))
    loud = i18n._("UNSIGNED: this stick has no key. Results are records, not certificates.")
    for state in (states.CONSENT, states.RUNNING, states.FINISHED):
        frame = face(replace(state, station=station), tongue).frame(*SIZE)
        found = [
            role for runs in frame for text, role in runs if visual(loud, tongue == "ar") in text
        ]
        assert found == ["loud"]


def test_hostile_strings_from_a_drive_change_nothing_but_their_own_cells(tongue: str) -> None:
    evil = replace(
        states.SATA,
        identity=Identity(model=states.HOSTILE, serial=states.HOSTILE),
        firmware=states.HOSTILE,
    )
    machine = replace(states.MACHINE, drives=(evil, *states.MACHINE.drives[1:]))
    plans = (replace(states.PLAN.drives[0], drive=evil), *states.PLAN.drives[1:])
    plan = replace(states.PLAN, machine=machine, drives=plans)
    state = replace(states.CONSENT, machine=machine, plan=plan, plan_digest=digest(plan))
    for keys in WAYS.values():
        lines = screen(face(state, tongue, *keys))
        assert {len(line) for line in lines} == {80}
        assert all(char.isprintable() for line in lines for char in line)


def test_too_small_a_terminal_says_what_it_has_and_needs(tongue: str) -> None:
    text = " ".join(screen(face(states.CONSENT, tongue), 60, 20))
    assert "60x20" in text
    assert "80x24" in text


def test_a_long_list_says_that_there_is_more_and_scrolls() -> None:
    many = tuple(replace(states.RUNNING.drives[0], key=f"d{number}") for number in range(12))
    session = face(replace(states.RUNNING, drives=many), "en")
    assert "More  ↓" in screen(session)[-2]
    for _step in range(60):
        session.press("down")
    lines = screen(session)
    assert "↑" in lines[-2]
    assert "Outbox" in "\n".join(lines)


def test_bar_of_keys_and_help_come_from_the_same_table(tongue: str) -> None:
    session = face(states.CONSENT, tongue, "enter")
    table = session.keys()
    bar_line = screen(session)[-1]
    for key in table:
        if not key.hidden:
            assert visual(key.label, tongue == "ar") in bar_line
    session.press("f1")
    page = screen(session)
    for key in table:
        if key.label:
            assert shows(page, key.label)


def test_quiet_waiting_screen_before_the_engine(tongue: str) -> None:
    session = Session(follows=False)
    i18n.use(tongue)
    lines = screen(session)
    assert shows(lines, i18n._("Searching for the drives of this machine..."))


def test_facts_that_are_terms_of_ours_are_told_in_words(tongue: str) -> None:
    reason = Reason(code="level-too-low", facts={"level": "clear", "asked": "purge"})
    text = visual(words.told(reason), tongue == "ar")
    assert "Clear" in text
    assert "Purge" in text
    assert ("clear" in text) is False


def test_a_machine_whose_image_failed_is_not_to_be_handed_on() -> None:
    i18n.use("en")
    sata, nvme, usb = states.REGISTERED.drives
    state = replace(states.REGISTERED, drives=(sata, replace(nvme, image_outcome="failed"), usb))
    assert "hand the machine on" in next_step(states.REGISTERED)
    assert "no system was installed" in next_step(state)
