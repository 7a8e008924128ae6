"""What the sandbox, the phones and the tenants' receivers recorded, and the ten invariants over it.

Nothing here comes from the product's own tables. What can be seen at once is noted as a breach at once; what was
promised and is missing can be judged only once it has had its time.
"""

import asyncio
import time
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tests.chaos.fleet import ChaosFleet
from tests.chaos.traffic import FileFlow, Promises, Tenant
from tests.faults.evidence import Flow
from tests.scenarios.rig import Json

_HAVING = frozenset(("", "inactive", "sender", "peer_msg", "read", "read-self", "played"))
_LOOK_SECONDS = 0.25
#: The fleet's cap.
ATTEMPTS_PER_SECOND = 20


class Invariant(StrEnum):
    """What must hold, by the numbers that docs and reports use."""

    I1 = "every send answered 2xx reaches the recipient"
    I2 = "no recipient sees a message twice"
    I3 = "every inbound message reaches the tenant's receiver"
    I4 = "no ratchet counter is used twice"
    I5 = "at most one live socket a session"
    I6 = "nothing is written by an old owner"
    I7 = "order holds in each chat"
    I8 = "one tenant's data never reaches another"
    I9 = "attempts stay under the fleet's cap"
    I10 = "full rate returns within the limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One broken promise, in words."""

    invariant: Invariant
    what: str
    at: float


@dataclass(slots=True, kw_only=True)
class Promise:
    """A message that the product has to answer for: accepted by its API, or sent to it by a phone."""

    flow: Flow
    number: int
    wa_id: str
    at: float
    #: By the records of those who got it, so that it does not matter when somebody looked.
    arrived_at: float | None = None

    @property
    def text(self) -> str:
        return self.flow.text(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """The database was put back to a copy. ``copied`` is when that was made, ``ended`` when the last process that used
    the newer state was gone, by the monotonic clock.

    What it excuses is what nobody could know any more, and nothing else: keys and old owners are judged as ever.
    """

    copied: float
    ended: float
    #: Texts that clients had asked for and had no answer to when it ended: they had to ask again, with a key that
    #: nobody knew any more.
    unanswered: frozenset[str]

    def forgets(self, at: float) -> bool:
        """Whether what was stored then is gone."""
        return self.copied <= at < self.ended


@dataclass(slots=True)
class Seen:
    """Counts of what was looked at: an invariant over nothing says nothing."""

    accepted: int = 0
    written_by_people: int = 0
    shown: int = 0
    told: int = 0
    counters: int = 0
    logins: int = 0
    #: Logins while a former socket was open whose owner could not close it (frozen); WhatsApp closes that.
    replaced_by_whatsapp: int = 0
    sent_again: int = 0
    delivered_again: int = 0
    webhooks_again: int = 0
    busiest_second: int = 0
    #: What never arrived, arrived twice, or came behind a later message, since the database was put back.
    gone_with_the_database: int = 0
    again_after_the_database: int = 0
    overtaken_after_the_database: int = 0


class Evidence(Promises):
    """Looks until stopped; :attr:`breaches` grows."""

    def __init__(self, fleet: ChaosFleet, tenants: Sequence[Tenant], flows: Sequence[Flow]) -> None:
        self._fleet = fleet
        self._tenants = tenants
        self._flows = {flow.name: flow for flow in flows}
        self.promises: list[Promise] = []
        self.breaches: list[Breach] = []
        self.seen = Seen()
        #: Whether an owner is or was a moment ago unable to close its sockets.
        self.may_overlap = False
        self._by_text: dict[str, Promise] = {}
        self._open: dict[str, deque[Promise]] = defaultdict(deque)
        self._on_screen: dict[str, Counter[str]] = defaultdict(Counter)
        self._last_shown: dict[tuple[str, str], int] = {}
        self._last_told: dict[tuple[str, str], int] = {}
        #: When a tenant was told of a message, by session and id; when a phone showed it, by number and id.
        self._told: dict[tuple[str, str], float] = {}
        self._shown: dict[tuple[str, str], float] = {}
        self._heard: Counter[str] = Counter()
        self._screens: dict[str, str] = {}
        self._wire = "0"
        self._counters: set[tuple[str, str, str, int]] = set()
        self._sent: Counter[str] = Counter()
        self._delivered: Counter[str] = Counter()
        self.receipted: set[str] = set()
        #: The connection that logged in last, by session; and those that are open.
        self._owner: dict[str, int] = {}
        self._live: dict[str, set[int]] = defaultdict(set)
        #: When connections were tried, in seconds of the sandbox's clock.
        self.attempts: list[float] = []
        #: Of each session's number, when it logged in and when its connection ended, by the sandbox's clock.
        self.logins: dict[str, list[float]] = defaultdict(list)
        self.ends: dict[str, list[float]] = defaultdict(list)
        self._looking = asyncio.Lock()
        self._lapses: list[Lapse] = []
        #: Promises that a lapse may have made void.
        self._void: list[Promise] = []
        #: Who was told again of what, because of a lapse.
        self._retold: set[tuple[str, str]] = set()
        #: When a message was asked for again last, by its id; and what came behind a later one in its chat, with why
        #: that would be a breach.
        self._asked_again: dict[str, float] = {}
        self._overtaken: list[tuple[str, str]] = []
        #: When the sandbox was asked something small, and how long it took to answer.
        self._answers: deque[tuple[float, float]] = deque(maxlen=20_000)
        #: When a session's number sent a message or receipt, by the sandbox's clock.
        self.writes: dict[str, list[float]] = defaultdict(list)

    # -- promises

    def promised(self, flow: Flow, number: int, wa_id: str) -> None:
        promise = Promise(flow=flow, number=number, wa_id=wa_id, at=time.monotonic())
        self.promises.append(promise)
        self._by_text[promise.text] = promise
        self._open[flow.name].append(promise)
        if flow.ours:
            self.seen.accepted += 1
        else:
            self.seen.written_by_people += 1

    def went_back(self, lapse: Lapse) -> None:
        """Know that the database was put back. What was accepted between the copy and the end, and had not arrived, may
        be gone; it is not waited for, and counted.
        """
        self._lapses.append(lapse)
        for name, waiting in self._open.items():
            # No gateway has answered since the end: what clients noted a moment later was accepted before it.
            gone = (p for p in waiting if lapse.forgets(min(p.at, lapse.ended - 0.001) if p.flow.ours else p.at))
            void = [p for p in gone if not self._arrived(p)]
            self._void += void
            self._open[name] = deque(p for p in waiting if p not in void)

    def missing(self, flow: Flow) -> Sequence[Promise]:
        """What was promised and somebody does not have yet, oldest first."""
        waiting = self._open[flow.name]
        if any(self._arrived(promise) for promise in waiting):
            waiting = self._open[flow.name] = deque(p for p in waiting if not self._arrived(p))
        return waiting

    def oldest_missing(self) -> float:
        """How long the oldest promise is open, in seconds."""
        now = time.monotonic()
        return max((now - waiting[0].at for flow in self._flows.values() if (waiting := self.missing(flow))), default=0)

    def last_late(self, patience: float, since: float) -> float | None:
        """When, after ``since``, the last message arrived that took longer than ``patience``; ``None`` if none did."""
        late = (p.arrived_at for p in self.promises[-5_000:] if p.arrived_at and p.arrived_at - p.at > patience)
        return max((arrived for arrived in late if arrived > since), default=None)

    def latencies(self, begin: float, end: float) -> list[float]:
        """From promise to arrival, of what was promised within that time of the monotonic clock; sorted."""
        within = (p for p in self.promises if begin <= p.at < end and self._arrived(p))
        return sorted(p.arrived_at - p.at for p in within if p.arrived_at is not None)

    def _arrived(self, promise: Promise) -> bool:
        if promise.arrived_at is None:
            flow, wa_id = promise.flow, promise.wa_id
            times = [self._shown.get((phone, wa_id)) for phone in flow.phones]
            times += [self._told.get((session, wa_id)) for session in flow.sessions]
            if None not in times:
                promise.arrived_at = max((at for at in times if at is not None), default=promise.at)
        return promise.arrived_at is not None

    # -- looking

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Take in what is new."""
        async with self._looking:
            for number in {phone for flow in self._flows.values() for phone in flow.phones}:
                asked = time.monotonic()
                screen = await self._fleet.inbox(number, self._screens.get(number, "0"))
                self._answers.append((asked, time.monotonic() - asked))
                for message in screen:
                    self._screens[number] = str(message["seq"])
                    self._note_shown(number, message)
            for tenant in self._tenants:
                self._hear(tenant)
            for entry in await self._fleet.wire(after=self._wire):
                assert int(entry["seq"]) == int(self._wire) + 1, "the record dropped entries before they were read"
                self._wire = str(entry["seq"])
                self._note(entry)
            self._judge_order()

    def _note_shown(self, phone: str, message: Json) -> None:
        text, wa_id = str(message["text"] or message["caption"] or ""), str(message["waId"])
        name, _, number = text.rpartition(" ")
        flow = self._flows.get(name)
        if message["from"] == phone:
            # Its own, or what its session sent, which WhatsApp shows it too.
            return
        self._on_screen[phone][text] += 1
        if flow is None:
            return
        if phone not in flow.phones:
            self.breach(Invariant.I8, f"phone {phone} shows {text!r}, which was not for it")
            return
        self.seen.shown += 1
        self._shown.setdefault((phone, wa_id), _monotonic(message))
        if self._on_screen[phone][text] == 2 and any(text in lapse.unanswered for lapse in self._lapses):
            self.seen.again_after_the_database += 1
        elif self._on_screen[phone][text] > 1:
            self.breach(Invariant.I2, f"phone {phone} shows {text!r} {self._on_screen[phone][text]} times")
        self._in_order(self._last_shown, (phone, name), int(number), wa_id, f"phone {phone} shows {text!r}")
        if isinstance(flow, FileFlow) and (message["media"] or {}).get("sha256") != flow.digest(int(number)):
            self.breach(Invariant.I1, f"phone {phone} has another file with {text!r}: {message['media']}")

    def _hear(self, tenant: Tenant) -> None:
        own, events, heard = set(tenant.sessions.values()), tenant.sink.events, self._heard[tenant.name]
        for event, at in zip(events[heard:], tenant.sink.times[heard:], strict=True):
            data = event["data"]
            session, wa_id, text = str(data.get("sessionId")), str(data.get("waId")), str(data.get("text"))
            if session not in own:
                self.breach(Invariant.I8, f"{tenant.name} was told of {session}, which is not its own: {text!r}")
            name, _, number = text.rpartition(" ")
            flow = self._flows.get(name)
            if flow is None or event["type"] != "message.received":
                continue
            self.seen.told += 1
            if session not in flow.sessions:
                self.breach(Invariant.I8, f"{session} tells of {text!r}, which was not for it")
            if self._may_be_retold(session, wa_id, at):
                self._retold.add((session, wa_id))
                self.seen.again_after_the_database += 1
                continue
            if (session, wa_id) in self._told:
                self.breach(Invariant.I2, f"{tenant.name} was told twice of {text!r}, by two events")
            self._told.setdefault((session, wa_id), at)
            what = f"{tenant.name} was told of {text!r}"
            self._in_order(self._last_told, (session, name), int(number), wa_id, what)
        self._heard[tenant.name] = len(events)

    def _may_be_retold(self, session: str, wa_id: str, at: float) -> bool:
        """Whether a second event tells of what a database that was put back does not know to have been told."""
        first = self._told.get((session, wa_id))
        if first is None or (session, wa_id) in self._retold:
            return False
        return any(lapse.forgets(first) and at >= lapse.ended for lapse in self._lapses)

    def _in_order(
        self, last: dict[tuple[str, str], int], chat: tuple[str, str], number: int, wa_id: str, what: str
    ) -> None:
        if number < last.get(chat, 0):
            self._overtaken.append((wa_id, f"{what} ({wa_id}) after number {last[chat]}"))
        last[chat] = max(number, last.get(chat, 0))

    def _judge_order(self) -> None:
        """Of what was overtaken, excuse what could not be read at first, since its session had to begin anew with its
        peers after a lapse: it was asked for again, and comes behind what was written meanwhile.
        """
        for wa_id, what in self._overtaken:
            if any(self._asked_again.get(wa_id, 0.0) >= lapse.ended for lapse in self._lapses):
                self.seen.overtaken_after_the_database += 1
            else:
                self.breach(Invariant.I7, what)
        self._overtaken.clear()

    def _note(self, entry: Json) -> None:
        inward, session, connection = entry["direction"] == "in", str(entry["session"]), int(entry["connection"])
        match entry["stanza"]:
            case "connected":
                self.attempts.append(_seconds(entry))
            case "refused" if entry["detail"] == "away":
                self.attempts.append(_seconds(entry))
            case "login":
                self._logged_in(session, connection, entry)
            case "disconnected":
                self._live[session].discard(connection)
                if session:
                    self.ends[_number(session)].append(_seconds(entry))
            case "message" if inward:
                self._fence(session, connection, "message", _seconds(entry))
                self._note_sent(session, entry)
            case "message":
                self._delivered[entry["id"]] += 1
                self.seen.delivered_again += self._delivered[entry["id"]] > 1
            case "receipt" if inward:
                self._fence(session, connection, "receipt", _seconds(entry))
                if entry["type"] in _HAVING:
                    self.receipted.update(entry["receiptIds"])
                self._note_asked_again(entry)
            case "receipt":
                self._note_asked_again(entry)

    def _note_asked_again(self, entry: Json) -> None:
        if entry["type"] == "retry":
            self._asked_again.update(dict.fromkeys(entry["receiptIds"], _monotonic(entry)))

    def _logged_in(self, session: str, connection: int, entry: Json) -> None:
        self.seen.logins += 1
        self.logins[_number(session)].append(_seconds(entry))
        if self._live[session]:
            if self.may_overlap:
                self.seen.replaced_by_whatsapp += 1
            else:
                self.breach(Invariant.I5, f"{session} logged in while an older connection of it was open")
        self._live[session].add(connection)
        self._owner[session] = connection

    def _fence(self, session: str, connection: int, what: str, at: float) -> None:
        self.writes[_number(session)].append(at)
        owner = self._owner.get(session)
        if owner is not None and connection < owner:
            self.breach(Invariant.I6, f"{session} sent a {what} by a connection older than its last login")

    def _note_sent(self, session: str, entry: Json) -> None:
        self._sent[entry["id"]] += 1
        self.seen.sent_again += self._sent[entry["id"]] > 1
        for cipher in entry["ciphers"]:
            used = (session, str(cipher["to"]), str(cipher["chain"]), int(cipher["counter"]))
            if used in self._counters:
                self.breach(Invariant.I4, f"{session} used counter {used[3]} of chain {used[2][:16]} twice")
            self._counters.add(used)
            self.seen.counters += 1

    def breach(self, invariant: Invariant, what: str) -> None:
        """Note a broken promise."""
        self.breaches.append(Breach(invariant=invariant, what=what, at=time.monotonic()))

    # -- judging

    def lost(self) -> list[Breach]:
        """What was promised and never arrived."""
        found = []
        for flow in self._flows.values():
            for promise in self.missing(flow):
                lacks = [f"never shown by {p}" for p in flow.phones if (p, promise.wa_id) not in self._shown]
                lacks += [f"never told of by {s}" for s in flow.sessions if (s, promise.wa_id) not in self._told]
                receipted = ", though receipted" if promise.wa_id in self.receipted else ""
                invariant = Invariant.I1 if flow.ours else Invariant.I3
                what = f"{promise.text!r} ({promise.wa_id}) was {', '.join(lacks)}{receipted}"
                found.append(Breach(invariant=invariant, what=what, at=promise.at))
        return found

    def is_shown(self, text: str) -> int:
        """How often a text stands on any phone's screen."""
        return sum(screen[text] for screen in self._on_screen.values())

    def busiest_second(self, since: int = 0) -> int:
        """The most attempts to connect within a second, not counting the first ``since``."""
        return most_within(self.attempts[since:], 1.0)

    def too_many_attempts(self, since: int, begun: float) -> int:
        """The most attempts within a second after the first ``since``, which were noted before ``begun``; 0 if the cap
        was kept. Attempts stand in the record when the sandbox gets to them: if it was busy for a moment, those of that
        moment are noted at once, and do not count against the fleet.
        """
        busy = max((seconds for asked, seconds in self._answers if asked + seconds >= begun), default=0.0)
        busiest = self.busiest_second(since)
        return busiest if busiest > ATTEMPTS_PER_SECOND * (1.0 + busy) else 0

    async def complaints(self) -> Mapping[str, int]:
        """What clients did wrong in the eyes of the server and the phones."""
        return await self._fleet.complaints()

    def finish(self) -> None:
        """Fill in what is counted at the end."""
        self.seen.busiest_second = self.busiest_second()
        self.seen.gone_with_the_database = sum(not self._arrived(promise) for promise in self._void)
        self.seen.webhooks_again = sum(len(t.sink.ids) - len(set(t.sink.ids)) for t in self._tenants)
        for tenant in self._tenants:
            if tenant.sink.refused:
                self.breach(Invariant.I8, f"{tenant.sink.refused} webhooks of {tenant.name} had a false signature")


def most_within(moments: Sequence[float], seconds: float) -> int:
    """The most of these moments, which are sorted, within any such time."""
    return max((index + 1 - bisect_left(moments, moment - seconds) for index, moment in enumerate(moments)), default=0)


def _seconds(entry: Json) -> float:
    return datetime.fromisoformat(str(entry["at"])).timestamp()


def _monotonic(entry: Json) -> float:
    """When it was recorded, by the clock that promises are timed with; the sandbox is on the same machine."""
    return _seconds(entry) - time.time() + time.monotonic()


def _number(session: str) -> str:
    return session.partition(":")[0]
