"""Which screen stands, and what keys lead to; the state alone decides what is possible."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance import i18n
from appliance.job.protocol import EngineGone, EngineRefused
from appliance.job.state import JobPhase, JobState, Progress
from appliance.model import Consent, Reason, from_json
from appliance.tui.feed import Answered, Gone, Refused
from appliance.tui.screen import Call, Redraw
from appliance.tui.session import POSSIBLE, Session
from tests.unit import face_states as states


def session(state: JobState, *keys: str) -> Session:
    made = Session(follows=False)
    i18n.use("en")
    made.absorb(state)
    for key in keys:
        made.press(key)
    return made


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (states.DETECTING, "searching"),
        (states.BLOCKED, "blocked"),
        (states.CONSENT, "machine"),
        (states.RUNNING, "progress"),
        (states.FINISHED, "result"),
    ],
)
def test_a_new_face_is_on_the_right_screen_from_the_state_alone(state: JobState, name: str) -> None:
    assert session(state).screen.name == name


def test_every_phase_has_a_screen() -> None:
    assert set(POSSIBLE) == set(JobPhase)


def test_consent_sends_the_plan_and_what_was_typed() -> None:
    made = session(states.CONSENT, "enter", "c", *"Sami", "tab", *"6134", *"3456")
    call = made.press("f10")
    assert isinstance(call, Call)
    assert call.method == "Consent"
    consent = from_json(Consent, call.parameters["consent"])
    assert consent.plan_digest == states.CONSENT.plan_digest
    assert consent.technician == "Sami"
    assert consent.typed == {"sata": "6134", "nvme": "3456"}


PSID = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
LOCKED = states.with_locks("revert-locked-drive")


def test_a_scanned_psid_goes_to_the_engine_beside_the_consent() -> None:
    # A scanner types, and ends with Enter: the next field is then the next drive's.
    made = session(LOCKED, "enter", "c", *"Sami", "tab", *"6134", *PSID, "enter", *"3456")
    call = made.press("f10")
    assert isinstance(call, Call)
    assert call.parameters["psids"] == {"sata": PSID}
    consent = from_json(Consent, call.parameters["consent"])
    assert consent.typed == {"sata": "6134", "nvme": "3456"}
    # It is in no other place.
    assert PSID not in str(call.parameters["consent"])


def test_a_psid_of_another_length_does_not_start_and_none_at_all_does() -> None:
    made = session(LOCKED, "enter", "c", *"Sami", "tab", *"6134", *PSID[:31], "tab", *"3456")
    assert made.press("f10") is None
    assert "31" in made.message[0]
    made = session(LOCKED, "enter", "c", *"Sami", "tab", *"6134", "tab", *"3456")
    call = made.press("f10")
    assert isinstance(call, Call)
    assert "psids" not in call.parameters


def test_consent_does_not_start_on_enter_nor_before_everything_is_typed() -> None:
    made = session(states.CONSENT, "enter", "c", "right", "tab", *"6134")
    assert made.press("f10") is None
    assert "SAMSUNG" in made.message[0]
    for key in ("enter", "enter", "enter", "tab", "down"):
        assert made.press(key) is None
    assert made.screen.name == "consent"


def test_technician_is_needed() -> None:
    made = session(states.CONSENT, "enter", "c", "tab", *"6134", *"3456")
    assert made.press("f10") is None
    assert "technician" in made.message[0]


def test_names_are_walked_and_typing_replaces_them() -> None:
    made = session(states.CONSENT, "enter", "c", "right", "right", "tab", *"6134", *"3456")
    call = made.press("f10")
    assert isinstance(call, Call)
    assert call.parameters["consent"]["technician"] == "نورة القحطاني"
    made = session(states.CONSENT, "enter", "c", "right", *"Ali", "tab", *"6134", *"3456")
    call = made.press("f10")
    assert isinstance(call, Call)
    assert call.parameters["consent"]["technician"] == "Ali"


def test_a_changed_plan_empties_the_fields_and_is_shown_again() -> None:
    made = session(states.CONSENT, "enter", "c", "right", "tab", *"6134", *"3456")
    made.absorb(replace(states.CONSENT, plan_digest="other"))
    assert made.screen.name == "drives"
    assert "changed" in made.message[0]
    made.press("c")
    assert made.press("f10") is None


def test_a_plan_with_nothing_to_erase_cannot_be_consented_to() -> None:
    plan = replace(states.PLAN, drives=states.PLAN.drives[2:])
    made = session(replace(states.CONSENT, plan=plan), "enter", "c")
    assert made.screen.name == "drives"
    assert made.message[0] == "There is no drive to erase."


def test_no_media_is_attested_by_name() -> None:
    made = session(states.NO_DRIVES, "enter", "a")
    assert made.screen.name == "attest"
    assert made.press("f10") is None
    made.press("right")
    assert made.press("f10") == Call("AttestNoMedia", {"technician": "Khalid Al-Harbi"})


def test_a_frozen_drive_offers_sleep_which_needs_a_name_and_asks_the_engine() -> None:
    made = session(states.with_notes("ata-frozen"), "enter", "s")
    assert made.screen.name == "sleep"
    assert made.press("f10") is None
    made.press("right")
    assert made.press("f10") == Call("Suspend", {"technician": "Khalid Al-Harbi"})
    made.absorb(replace(states.with_notes("ata-frozen-still"), plan_digest="new"))
    assert made.screen.name == "drives"


@pytest.mark.parametrize("notes", [(), ("ata-frozen-still",)])
def test_sleep_is_not_offered_where_nothing_is_frozen_or_it_did_not_help(
    notes: tuple[str, ...],
) -> None:
    assert session(states.with_notes(*notes), "enter", "s").screen.name == "drives"


HIDDEN = Reason(code="controller-without-drives", facts={"name": "RAID", "address": "0000:00:17.0"})


def test_a_controller_that_may_hide_drives_forbids_attesting() -> None:
    assert states.NO_DRIVES.plan is not None
    plan = replace(states.NO_DRIVES.plan, blockers=(HIDDEN,))
    made = session(replace(states.NO_DRIVES, plan=plan), "enter", "a")
    assert made.screen.name == "drives"
    assert "0000:00:17.0" in made.message[0]


def test_what_keeps_a_machine_from_its_certificate_does_not_keep_drives_from_erasure() -> None:
    plan = replace(states.PLAN, blockers=(HIDDEN,))
    made = session(replace(states.CONSENT, plan=plan), "enter", "c")
    assert made.screen.name == "consent"
    text = "".join(t for runs in made.frame(80, 24) for t, _ in runs)
    assert "will not be certified" in text


def test_attesting_is_not_offered_while_a_drive_is_there() -> None:
    made = session(states.CONSENT, "enter", "a")
    assert made.screen.name == "drives"


def test_power_off_wants_a_capital_letter_and_never_while_a_drive_is_erased() -> None:
    made = session(states.FINISHED)
    assert made.press("p") is None
    assert "Capital" in made.message[0]
    assert made.press("P") == Call("PowerOff")
    running = session(states.RUNNING)
    assert running.press("P") is None
    assert "half done" in running.message[0]


def test_progress_moves_and_the_end_brings_the_result() -> None:
    made = session(states.RUNNING)
    later = replace(states.RUNNING.drives[0], done_bytes=400_000_000_000)
    made.absorb(Progress(drives=(later,), delivery=states.RUNNING.delivery))
    assert made.state is not None
    assert made.state.drives == (later,)
    made.absorb(states.FINISHED)
    assert made.screen.name == "result"


def test_engine_gone_is_told_and_forgotten_when_it_is_back() -> None:
    made = session(states.RUNNING)
    made.absorb(Gone(EngineGone("refused")))
    text = "".join(t for runs in made.frame(80, 24) for t, _ in runs)
    assert "engine does not answer" in text
    assert made.screen.name == "progress"
    made.absorb(states.RUNNING)
    text = "".join(t for runs in made.frame(80, 24) for t, _ in runs)
    assert "engine does not answer" not in text


def test_a_refused_call_is_told() -> None:
    made = session(states.CONSENT, "enter", "c")
    made.absorb(Refused("Consent", EngineRefused("consent-other-plan")))
    assert made.message[1] == "bad"
    assert made.message[0]


def test_power_off_is_confirmed() -> None:
    made = session(states.FINISHED)
    made.absorb(Answered("PowerOff"))
    assert "switches off" in made.message[0]


def test_language_of_a_console_is_the_stations() -> None:
    made = Session(follows=True)
    made.absorb(replace(states.CONSENT, language="en"))
    assert i18n.language() == "en"
    assert made.press("f2") == Call("SetLanguage", {"language": "ar"})
    assert i18n.language() == "ar"


def test_language_of_a_serial_line_is_its_own() -> None:
    made = session(states.CONSENT)
    made.absorb(replace(states.CONSENT, language="ar"))
    assert i18n.language() == "en"
    assert made.press("f2") == Redraw()
    assert i18n.language() == "ar"


def test_help_returns_to_where_it_came_from_or_where_the_job_is() -> None:
    made = session(states.CONSENT, "enter", "f1")
    assert made.screen.name == "help"
    made.press("esc")
    assert made.screen.name == "drives"
    made.press("f1")
    made.absorb(states.RUNNING)
    made.press("esc")
    assert made.screen.name == "progress"


def test_keys_before_the_first_state_do_no_harm() -> None:
    made = Session(follows=False)
    for key in ("enter", "c", "f10", "P", "", "f1"):
        assert made.press(key) is None
