"""The way to one server: what is sent, asked and noted there, and the patience it takes.

Whatever the server does, a statement is neither lost nor sent for ever: a verified receipt
ends its way, a refusal is kept with the server's words, anything else is tried again, ever
more rarely. Every step is noted durably before the next, so a killed courier loses nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from appliance.delivery.outbox import ENROLMENT, Notes, Outbox, State
from appliance.delivery.patience import Patience
from appliance.delivery.wire import Answer, Wire
from appliance.errors import DeliveryError, TrustError
from appliance.model import Reason
from appliance.statement import durable, keys, verify
from appliance.statement.trust import Trust

_JSON = "application/json"
FIRST_WAIT_S = 2.0
FIRST_ASK_S = 15.0
HEARTBEAT_S = 60.0
RENEW_BEFORE = timedelta(days=30)
# What the server does not keep of a station that its office has not accepted. It is no word
# about the statement, which waits for the office's decision.
_TOO_LARGE, _TOO_MANY = "unaccepted-too-large", "unaccepted-too-many"


class Link:
    """The way to one server: its wire, its notes, its patience."""

    def __init__(
        self,
        wire: Wire,
        outbox: Outbox,
        notes: Notes,
        pinned: Callable[[], Trust],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.wire = wire
        self.notes = notes
        self.online: bool | None = None
        self.last_error: Reason | None = None
        self.offset_s: float | None = None
        self._outbox = outbox
        self._pinned = pinned
        self._clock = clock
        self._now = now
        self._server = Patience(FIRST_WAIT_S)
        self._asking: dict[str, Patience] = {}
        self._sending = Patience(FIRST_ASK_S, 3600.0)
        self._not_kept: dict[str, Reason] = {}
        self._enrolling = Patience(FIRST_ASK_S)
        self._heartbeat_at = float("-inf")
        notes.make()

    def round(self) -> None:
        """Do what is due with this server; every failure ends as `last_error`, never raises."""
        if not self._server.due(self._clock()):
            return
        try:
            self._enrol()
            self._carry_all()
            self._heartbeat()
        except (DeliveryError, TrustError, OSError) as error:
            self.online = not (
                isinstance(error, DeliveryError) and error.code == "server-unreachable"
            )
            self.last_error = _reason(error)
            self._server.failed(self._clock())
        else:
            self.last_error = next(iter(self._not_kept.values()), None)
            self._server.worked()

    def _carry_all(self) -> None:
        """Every statement gets its turn: a strange answer about one does not stop the rest."""
        strange: DeliveryError | TrustError | None = None
        for statement_id in self._outbox.ids():
            try:
                self._carry(statement_id)
            except (DeliveryError, TrustError) as error:
                if error.code in ("server-unreachable", "server-untrusted", "server-busy"):
                    raise
                strange = error
        if strange is not None:
            raise strange

    def _carry(self, statement_id: str) -> None:
        state = self.notes.state(statement_id)
        if state is State.WAITING and self._sendable(statement_id):
            data = (self._outbox.root / f"{statement_id}.jws").read_bytes()
            answer = self._said(self.wire.post("/api/v1/statements", data, "application/jose"))
            self._settle(statement_id, answer)
        elif state is State.HELD and self._asked(statement_id).due(self._clock()):
            answer = self._said(self.wire.get(f"/api/v1/receipts/{statement_id}"))
            if answer.status == 404 and answer.problem is not None:
                # The server has lost it (a restored backup): it gets the statement again.
                self.notes.forget(statement_id)
                self._asking.pop(statement_id, None)
            elif answer.status == 200:
                self._register(statement_id, answer.body)
                self._decided()
            elif answer.status == 202:
                self._asked(statement_id).failed(self._clock())
            else:
                raise DeliveryError("server-strange", status=answer.status)

    def _sendable(self, statement_id: str) -> bool:
        now = self._clock()
        return self._sending.due(now) and self._asked(statement_id).due(now)

    def _settle(self, statement_id: str, answer: Answer) -> None:
        code = (answer.problem or {}).get("code") if answer.status == 429 else None
        if code in (_TOO_LARGE, _TOO_MANY):
            self._not_kept[statement_id] = Reason(code=code)
            whose = self._sending if code == _TOO_MANY else self._asked(statement_id)
            whose.failed(self._clock())
            return
        self._not_kept.pop(statement_id, None)
        if answer.status in (200, 201, 202):
            self._sending.worked()
        if answer.status in (200, 201):
            receipt = answer.json().get("receipt")
            if not isinstance(receipt, str):
                raise DeliveryError("server-strange", status=answer.status)
            self._register(statement_id, receipt.encode())
        elif answer.status == 202:
            self.notes.hold(statement_id, {"at": self._stamp(), "server": answer.json()})
            self._asked(statement_id).failed(self._clock())
        elif 400 <= answer.status < 500 and answer.status not in (408, 425, 429):
            problem = answer.problem
            if problem is None:
                raise DeliveryError("server-strange", status=answer.status)
            self.notes.refuse(
                statement_id, {"at": self._stamp(), "status": answer.status, "problem": problem}
            )
        else:
            raise DeliveryError("server-busy", server=self.wire.url, status=answer.status)

    def _register(self, statement_id: str, receipt: bytes) -> None:
        """Keep a receipt, if a pinned root stands behind it and it is for this statement."""
        proof = verify.receipt(receipt, self._pinned(), at=self._time())
        if proof.payload["statement"] != statement_id:
            raise TrustError("receipt-for-another", statement=proof.payload["statement"])
        self.notes.registered(statement_id, receipt)
        self._asking.pop(statement_id, None)

    def _enrol(self) -> None:
        """Get or renew the station's certificate, where the engine has asked for one."""
        try:
            wish = (self._outbox.root / ENROLMENT).read_bytes()
        except FileNotFoundError:
            return
        if not self._enrolling.due(self._clock()) or not self._certificate_wanted(wish):
            return
        answer = self._said(self.wire.post("/api/v1/enrolments", wish, "application/json"))
        if answer.status == 201:
            certificate = answer.json().get("certificate")
            if not isinstance(certificate, str):
                raise DeliveryError("server-strange", status=answer.status)
            durable.write(self.notes.root / "certificate.pem", certificate.encode(), 0o644)
            self._enrolling.worked()
            self._decided()
        elif answer.status in (202, 403) or answer.problem is not None:
            # Pending or refused: the office decides, statements go their way meanwhile.
            self._enrolling.failed(self._clock())
        else:
            raise DeliveryError("server-busy", server=self.wire.url, status=answer.status)

    def _certificate_wanted(self, wish: bytes) -> bool:
        try:
            chain = keys.read_chain((self.notes.root / "certificate.pem").read_bytes(), "")
            public = keys.read_request(json.loads(wish)["csr"].encode())
            if chain[0].public_key() != public:
                return True
            return chain[0].not_valid_after_utc - self._time() < RENEW_BEFORE
        except (FileNotFoundError, TrustError, ValueError, KeyError, IndexError, AttributeError):
            return True

    def _heartbeat(self) -> None:
        """Say once a minute that we live; nobody relies on it, so its refusal means nothing."""
        now = self._clock()
        if now - self._heartbeat_at < HEARTBEAT_S:
            return
        self._heartbeat_at = now
        try:
            csr = json.loads((self._outbox.root / ENROLMENT).read_bytes())["csr"]
            station = keys.station_id(keys.read_request(csr.encode()))
        except (FileNotFoundError, TrustError, ValueError, KeyError, AttributeError):
            return
        states = [entry.state for entry in self._outbox.entries()]
        beat = {
            "station": station,
            "sent_at": self._stamp(),
            "waiting": states.count(State.WAITING),
            "registered": states.count(State.REGISTERED),
        }
        self._said(self.wire.post("/api/v1/heartbeats", json.dumps(beat).encode(), _JSON))

    def _decided(self) -> None:
        """The office has accepted us: what waited for that need wait no longer."""
        self._asking.clear()
        self._sending.worked()

    def _asked(self, statement_id: str) -> Patience:
        return self._asking.setdefault(statement_id, Patience(FIRST_ASK_S, 3600.0))

    def _said(self, answer: Answer) -> Answer:
        self.online = True
        if answer.offset_s is not None:
            self.offset_s = answer.offset_s
        return answer

    def _time(self) -> datetime:
        """Now by the server's clock, where it has told us; else by ours."""
        return self._now() + timedelta(seconds=self.offset_s or 0.0)

    def _stamp(self) -> str:
        return self._time().strftime("%Y-%m-%dT%H:%M:%SZ")


def _reason(error: DeliveryError | TrustError | OSError) -> Reason:
    if isinstance(error, OSError):
        return Reason(code="courier-file", facts={"problem": str(error)[:200]})
    return Reason(code=error.code, facts=error.facts)
