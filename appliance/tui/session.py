"""A face's session: which screen stands, what was last said, what a key leads to.

Pure but for its own memory: news go in by `absorb`, keys by `press`, a frame comes out by
`frame`. A face that was killed starts a new session and is on the right screen after the
first state, because nothing but the state decides which screens are possible.
"""

from __future__ import annotations

from appliance import i18n
from appliance.i18n import _
from appliance.job.state import JobPhase, JobState, Progress, advanced
from appliance.texts import sentences
from appliance.tui import words
from appliance.tui.feed import Answered, Gone, News, Refused
from appliance.tui.first import uptime_s, waiting_rows
from appliance.tui.frame import MINIMUM, composed, too_small
from appliance.tui.rows import EMPTY, Row, painted
from appliance.tui.screen import Call, Go, Intent, Key, Redraw, Say, Screen, SwitchLanguage
from appliance.tui.screens.attest import Attest
from appliance.tui.screens.blocked import Blocked
from appliance.tui.screens.consent import Consent
from appliance.tui.screens.drives import Drives
from appliance.tui.screens.help import Help
from appliance.tui.screens.machine import Machine
from appliance.tui.screens.progress import Progress as ProgressScreen
from appliance.tui.screens.result import Result
from appliance.tui.screens.searching import Searching
from appliance.tui.screens.sleep import Sleep

POSSIBLE = {
    JobPhase.DETECTING: ("searching",),
    JobPhase.BLOCKED: ("blocked",),
    JobPhase.CONSENT: ("machine", "drives", "consent", "attest", "sleep"),
    JobPhase.RUNNING: ("progress",),
    JobPhase.FINISHED: ("result",),
}

# How long a face waits for its first state before it says that the engine does not answer.
PATIENCE_S = 60

Runs = list[list[tuple[str, str]]]


class Session:
    """One face. `follows`: its language is the station's, not its own."""

    def __init__(self, *, follows: bool) -> None:
        self.follows = follows
        self.state: JobState | None = None
        self.gone = ""
        self.message = ("", "normal")
        self._since_s = uptime_s()
        screens: tuple[Screen, ...] = (
            Searching(),
            Blocked(),
            Machine(),
            Drives(),
            Consent(),
            Attest(),
            Sleep(),
            ProgressScreen(),
            Result(),
        )
        self._screens = {screen.name: screen for screen in screens}
        self._help = Help()
        self.screen: Screen = self._screens["searching"]

    # --- news ------------------------------------------------------------------------------

    def absorb(self, news: News) -> None:
        """Take in what the engine said."""
        if isinstance(news, JobState):
            self._take(news)
        elif isinstance(news, Progress):
            if self.state is not None:
                self.state = advanced(self.state, news)
        elif isinstance(news, Gone):
            self.gone = sentences(words.told(news.error), words.advice(news.error))
        elif isinstance(news, Refused):
            text = sentences(words.told(news.error), words.advice(news.error))
            self.message = (text, "bad")
        elif isinstance(news, Answered) and news.method == "PowerOff":
            self.message = (
                _("The machine switches off as soon as its papers are written."),
                "good",
            )

    def _take(self, state: JobState) -> None:
        before = self.state
        self.state = state
        self.gone = ""
        if self.follows and state.language in i18n.LANGUAGES:
            i18n.use(state.language)
        if before is not None and before.plan_digest and before.plan_digest != state.plan_digest:
            if state.phase is JobPhase.CONSENT and self.screen.name in (
                "consent",
                "attest",
                "sleep",
            ):
                self._show("drives")
            if state.phase is JobPhase.CONSENT:
                self.message = (_("The plan has changed: look at it again."), "doubt")
        if self.screen is self._help:
            if self._help.back not in POSSIBLE[state.phase]:
                self._help.back = POSSIBLE[state.phase][0]
        elif self.screen.name not in POSSIBLE[state.phase]:
            self.message = ("", "normal")
            self._show(POSSIBLE[state.phase][0])

    def _show(self, name: str) -> None:
        self.screen = self._screens[name]
        self.screen.top = 0

    # --- keys ------------------------------------------------------------------------------

    def keys(self) -> tuple[Key, ...]:
        """The keys that mean something now: the screen's, and everywhere help and language."""
        if self.state is None:
            return (self._language_key(),)
        own = self.screen.keys(self.state)
        common = [self._language_key(), Key("^l", "", Redraw, hidden=True)]
        if self.screen is not self._help:
            common.insert(0, Key("f1", _("Help"), self._open_help))
        return (*own, *common)

    def _language_key(self) -> Key:
        arabic = "العربية" if self.follows else "Arabic"
        other = "English" if i18n.language() == "ar" else arabic
        return Key("f2", other, SwitchLanguage, aliases=("^t",))

    def _open_help(self) -> None:
        if self.state is not None:
            self._help.about = self.keys()
            self._help.back = self.screen.name
            self._help.top = 0
            self.screen = self._help

    def press(self, key: str) -> Call | Redraw | None:
        """React to a key; what is left for the loop to do, if anything."""
        intent = self._intent(key)
        if isinstance(intent, Go):
            self._show(intent.screen)
            self.message = ("", "normal")
        elif isinstance(intent, Say):
            self.message = (intent.text, intent.role)
        elif isinstance(intent, SwitchLanguage):
            return self._switch()
        elif isinstance(intent, Call):
            self.message = (_("Asked the engine..."), "quiet")
            return intent
        elif isinstance(intent, Redraw):
            return intent
        return None

    def _intent(self, key: str) -> Intent | None:
        if self.state is not None:
            before = self.screen
            intent = self.screen.press(key, self.state)
            if intent is not None or self.screen is not before:
                return intent
        for candidate in self.keys():
            if candidate.answers(key) and candidate.name in ("f1", "f2", "^l"):
                return candidate.action()
        if self.screen.scrolls and key in ("up", "down", "pgup", "pgdn"):
            step = {"up": -1, "down": 1, "pgup": -10, "pgdn": 10}[key]
            self.screen.top = max(0, self.screen.top + step)
        return None

    def _switch(self) -> Call | Redraw:
        language = "en" if i18n.language() == "ar" else "ar"
        i18n.use(language)
        self.message = ("", "normal")
        if self.follows and self.state is not None:
            return Call("SetLanguage", {"language": language})
        return Redraw()

    # --- what is seen ----------------------------------------------------------------------

    def rows(self, width: int, height: int) -> list[Row]:
        """All rows of the terminal, in reading order."""
        if self.state is not None:
            message = (self.gone, "bad") if self.gone else self.message
            return composed(self.screen, self.state, self.keys(), message, (width, height))
        if width < MINIMUM[0] or height < MINIMUM[1]:
            return too_small(width, height)
        # An engine that was never there is still starting; only after a while is that news.
        late = uptime_s() - self._since_s > PATIENCE_S
        return waiting_rows(self.gone if late else "")[:height]

    def frame(self, width: int, height: int) -> Runs:
        """Exactly `height` rows of runs of visual text, left to right."""
        rtl = i18n.language() == "ar"
        rows = self.rows(width, height)
        rows += [EMPTY] * (height - len(rows))
        return [painted(row, width, rtl) for row in rows[:height]]
