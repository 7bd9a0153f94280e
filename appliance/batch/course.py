"""The course of an unattended run: wait, count down, show the ticket, follow, switch off.

It decides nothing about the ticket: the engine does. It is a state machine without a clock
or a socket of its own; `main` feeds it news and time. A batch face that was restarted in
the middle of a job finds the job running and goes on following it.
"""

from __future__ import annotations

from appliance.batch import story
from appliance.batch.lines import Event
from appliance.errors import TajdeedError
from appliance.job.state import JobPhase, JobState, Progress, advanced
from appliance.tui.feed import Answered, Gone, News, Refused
from appliance.tui.screen import Call

# How long the machine stays on for statements that do not go out; they go at the next boot.
DELIVERY_S = 180.0
RETRY_S = 2.0
# How long it waits for servers to say which images they have.
IMAGES_S = 180.0
_COME_AGAIN = ("still-searching", "engine-gone")


class Course:
    """One run. Times are seconds of a monotonic clock that the caller reads."""

    def __init__(self, ticket: str, *, countdown_s: int, at_end: str, delivers: bool) -> None:
        self._ticket = ticket
        self._countdown_s = countdown_s
        self._at_end = at_end
        self._delivers = delivers
        self.state: JobState | None = None
        self.exit: int | None = None
        self._start_at: float | None = None
        self._told_left: int | None = None
        self._asked = False
        self._slept = False
        self._retry_at = 0.0
        self._images_until: float | None = None
        self._progress_at = 0.0
        self._full_told = False
        self._progress_due = False
        self._finished_at: float | None = None
        self._power = "stay"
        self._gone = False

    def absorb(self, news: News, now: float) -> list[Event]:
        """What the engine said, as events."""
        if isinstance(news, JobState):
            before, self.state = self.state, news
            self._gone = False
            return story.told(before, news)
        if isinstance(news, Progress) and self.state is not None:
            before, self.state = self.state, advanced(self.state, news)
            self._progress_due = True
            return story.drives_told(before, self.state)
        if isinstance(news, Gone):
            first, self._gone = not self._gone, True
            return [{"event": "engine-gone", "problem": str(news.error)}] if first else []
        if isinstance(news, Refused):
            return self._refused(news, now)
        if isinstance(news, Answered) and news.method == "ConsentByTicket":
            return [{"event": "consented"}]
        return []

    def _refused(self, news: Refused, now: float) -> list[Event]:
        if news.method == "ConsentByTicket":
            if news.error.code in _COME_AGAIN:
                self._asked, self._retry_at = False, now + RETRY_S
                return []
            self.exit = 2
            return [refusal(news.error), self._end()]
        return []

    def due(self, now: float) -> tuple[list[Event], Call | None]:
        """What is to be said, and asked for, at this time."""
        if self.state is None or self.exit is not None:
            return [], None
        if self.state.phase is JobPhase.BLOCKED:
            if full := [one for one in self.state.problems if one.code == "state-full"]:
                # The engine goes on by itself as soon as receipts have made room.
                told, self._full_told = self._full_told, True
                return [] if told else [story.said("problem", one) for one in full], None
            self.exit = 2
            events = [story.said("refused", problem) for problem in self.state.problems]
            return [*events, self._end()], None
        if self.state.phase is JobPhase.CONSENT:
            return self._before_consent(now)
        self._start_at = self._told_left = None
        if self.state.phase is JobPhase.FINISHED:
            return self._at_the_end(now)
        if self._progress_due and now - self._progress_at >= story.PROGRESS_S:
            self._progress_due, self._progress_at = False, now
            return [story.progress(self.state)], None
        return [], None

    def _before_consent(self, now: float) -> tuple[list[Event], Call | None]:
        if self._asked or now < self._retry_at:
            return [], None
        if not self._slept and self._frozen():
            self._slept = True
            return [{"event": "sleep"}], Call("Suspend", {"technician": ""})
        if self._start_at is None:
            if self._images_until is None:
                self._images_until = now + IMAGES_S
            if self._images_asked() and now < self._images_until:
                return [], None
            self._start_at = now + self._countdown_s
        left = max(0, round(self._start_at - now))
        events: list[Event] = []
        if left != self._told_left:
            self._told_left = left
            events.append({"event": "countdown", "left_s": left})
        if now < self._start_at:
            return events, None
        self._asked = True
        return events, Call("ConsentByTicket", {"ticket": self._ticket})

    def _images_asked(self) -> bool:
        """Whether a server is still being asked for images: the plan may yet get one."""
        plan = self.state.plan if self.state is not None else None
        return plan is not None and any(
            reason.code == "image-source-asking" for reason in plan.image_reasons
        )

    def _frozen(self) -> bool:
        """Whether a drive is frozen that a sleep may free, and the settings allow to try."""
        plan = self.state.plan if self.state is not None else None
        return (
            plan is not None
            and plan.policy.suspend_frozen
            and any(note.code == "ata-frozen" for item in plan.drives for note in item.notes)
        )

    def _at_the_end(self, now: float) -> tuple[list[Event], Call | None]:
        state = self.state
        if state is None:
            return [], None
        if self._finished_at is None:
            self._finished_at = now
        waits = self._delivers and state.delivery.waiting > 0
        if waits and now - self._finished_at < DELIVERY_S:
            return [], None
        self.exit = story.exit_code(state)
        if self._at_end == "poweroff":
            self._power = "off"
            return [self._end()], Call("PowerOff")
        return [self._end()], None

    def _end(self) -> Event:
        return {"event": "end", "exit": self.exit, "power": self._power}


def refusal(error: TajdeedError) -> Event:
    """Why nothing was started."""
    return story.said("refused", error)
