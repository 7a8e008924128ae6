"""What others recorded of a run, and what must hold of it.

Nothing here comes from the product's own tables: phones say what they show, the sandbox's wire says what went over it,
the webhook receiver says what it was told. Only at the end is the product's own view asked, whether it agrees.
"""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tests.scenarios.rig import Json, Rig

#: Receipts by which a session says that it has a message.
_HAVING = frozenset(("", "inactive", "sender", "peer_msg", "hist_sync", "read", "read-self", "played"))
#: Hex digits of the id of a sender key; a ratchet key has more.
_SENDER_KEY_ID = 8
#: States that kills of ours must never lead to: WhatsApp did not end anything.
_UNWARRANTED = frozenset(("logged_out", "conflict", "banned"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Texts of one sender to one chat, numbered: ``<name> <number>``."""

    name: str
    #: A session's id, or a phone's number.
    sender: str
    to: str
    #: The phones that must show them.
    phones: tuple[str, ...]
    #: The sessions that must tell of them; no other may.
    sessions: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """Whether the product sends them."""
        return not self.sender.isdigit()

    def text(self, number: int) -> str:
        return f"{self.name} {number}"


@dataclass(slots=True, kw_only=True)
class Promise:
    """A message that the product has to answer for: accepted by its API, or sent to it by a phone."""

    flow: Flow
    number: int
    wa_id: str


@dataclass(slots=True)
class Evidence:
    """Everything that was promised and everything that was seen."""

    rig: Rig
    flows: tuple[Flow, ...]
    promises: list[Promise] = field(default_factory=list)
    #: Of each phone, the texts it shows with their ids, in order.
    shown: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    #: Ids of messages and how often the sessions put them on the wire, or the server delivered them to a session.
    sent: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    receipted: set[str] = field(default_factory=set)
    counters: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    malformed: int = 0
    asked_again: Counter[str] = field(default_factory=Counter)
    logins: int = 0
    #: What is promised and was missing when it was last looked for.
    _open: dict[str, list[Promise]] = field(default_factory=lambda: defaultdict(list))
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _told: set[tuple[str, str]] = field(default_factory=set)
    _heard: int = 0
    _wire: str = "0"
    _screens: dict[str, str] = field(default_factory=dict)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def promised(self, flow: Flow, number: int, wa_id: str) -> None:
        promise = Promise(flow=flow, number=number, wa_id=wa_id)
        self.promises.append(promise)
        self._open[flow.name].append(promise)

    # -- looking

    async def look(self) -> None:
        """Take in what is new at the phones, at the webhook receiver and on the wire."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        for number in {phone for flow in self.flows for phone in flow.phones}:
            screen = await self.rig.inbox(number, self._screens.get(number, "0"))
            self.shown[number] += screen
            self._seen.update((number, message["waId"]) for message in screen)
            if screen:
                self._screens[number] = str(screen[-1]["seq"])
        events = self.rig.sink.events
        told = (e["data"] for e in events[self._heard :] if e["type"] == "message.received")
        self._told.update((data["sessionId"], data["waId"]) for data in told)
        self._heard = len(events)
        wire = await self.rig.wire(after=self._wire)
        for entry in wire:
            self._note(entry)
        if wire:
            assert wire[0]["seq"] == int(self._wire) + 1, "the record dropped entries before they were read"
            self._wire = str(wire[-1]["seq"])

    def _note(self, entry: Json) -> None:
        inward = entry["direction"] == "in"
        match entry["stanza"]:
            case "message" if inward:
                self.sent[entry["id"]] += 1
                for cipher in entry["ciphers"]:
                    if cipher["counter"] < 0:
                        self.malformed += 1
                    else:
                        self.counters[entry["session"], cipher["chain"], cipher["counter"]] += 1
            case "message":
                self.delivered[entry["id"]] += 1
            case "receipt" if entry["type"] == "retry":
                self.asked_again["us" if inward else "phones"] += 1
            case "receipt" if inward and entry["type"] in _HAVING:
                self.receipted.update(entry["receiptIds"])
            case "login":
                self.logins += 1

    def any_arrived(self, flow: Flow, *, since: int) -> bool:
        """Whether all who shall have it have at least one message of a flow, not counting the first ``since``."""
        return any(self._arrived(promise) for promise in self.promises[since:] if promise.flow is flow)

    def missing(self, flow: Flow) -> list[Promise]:
        """What was promised and somebody does not have yet."""
        self._open[flow.name] = [p for p in self._open[flow.name] if not self._arrived(p)]
        return list(self._open[flow.name])

    def _arrived(self, promise: Promise) -> bool:
        flow, wa_id = promise.flow, promise.wa_id
        return all((phone, wa_id) in self._seen for phone in flow.phones) and all(
            (session, wa_id) in self._told for session in flow.sessions
        )

    @property
    def skipped_counters(self) -> int:
        """Counters of ratchets that no message on the wire has though later ones do: a kill burnt them. Sender keys do
        not count, as Baileys uses every second iteration only.
        """
        chains: dict[tuple[str, str], set[int]] = defaultdict(set)
        for session, chain, counter in self.counters:
            if len(chain) > _SENDER_KEY_ID:
                chains[session, chain].add(counter)
        return sum(max(used) + 1 - len(used) for used in chains.values())

    @property
    def sent_again(self) -> int:
        return self.sent.total() - len(self.sent)

    @property
    def delivered_again(self) -> int:
        return self.delivered.total() - len(self.delivered)

    # -- judging

    async def violations(self) -> list[str]:
        """Every broken promise, in words; empty is good."""
        await self.look()
        found = []
        for flow in self.flows:
            found += [self._lack(promise) for promise in self.missing(flow)]
            for phone in flow.phones:
                found += self._on_screen(flow, phone)
            for session in flow.sessions:
                found += self._in_events(flow, session, "the webhook receiver", self.rig.sink.events)
        meant = {(session, promise.wa_id) for promise in self.promises for session in promise.flow.sessions}
        ours = {promise.wa_id for promise in self.promises}
        strays = sorted(told for told in self._told - meant if told[1] in ours)
        found += [f"{session} told of {wa_id}, which was not for it" for session, wa_id in strays]
        found += [f"a ratchet counter was used {n} times: {key}" for key, n in self.counters.items() if n > 1]
        if self.malformed:
            found.append(f"{self.malformed} ciphertexts on the wire can't be read at all")
        found += [f"the sandbox complains of {what}, {n} times" for what, n in (await self.rig.complaints()).items()]
        if self.rig.sink.refused:
            found.append(f"{self.rig.sink.refused} webhooks had a false signature")
        return found + await self._own_view()

    def _lack(self, promise: Promise) -> str:
        flow, wa_id = promise.flow, promise.wa_id
        made = "accepted" if flow.ours else "sent by a phone"
        lacks = [f"never shown by {phone}" for phone in flow.phones if (phone, wa_id) not in self._seen]
        if any((session, wa_id) not in self._told for session in flow.sessions):
            lacks.append("never told though receipted" if wa_id in self.receipted else "never told")
        return f"{made} and {', '.join(lacks)}: {flow.text(promise.number)!r} ({wa_id})"

    def _on_screen(self, flow: Flow, phone: str) -> list[str]:
        messages = [m for m in self.shown[phone] if str(m["text"]).startswith(f"{flow.name} ")]
        found = _once_and_in_order(f"phone {phone}", [str(m["text"]) for m in messages])
        # What was never answered 2xx may have been sent; what was, has to be that very message.
        ids = {flow.text(p.number): p.wa_id for p in self.promises if p.flow is flow}
        return found + [
            f"phone {phone} shows {m['text']!r} as {m['waId']}, promised as {ids[m['text']]}"
            for m in messages
            if m["text"] in ids and ids[m["text"]] != m["waId"]
        ]

    def _in_events(self, flow: Flow, session: str, who: str, events: list[Json]) -> list[str]:
        told = [e["data"] for e in events if e["type"] == "message.received" and e["data"]["sessionId"] == session]
        told = [data for data in told if str(data.get("text")).startswith(f"{flow.name} ")]
        texts = {p.wa_id: flow.text(p.number) for p in self.promises if p.flow is flow}
        return _once_and_in_order(who, [str(data["text"]) for data in told]) + [
            f"{who} has {data['text']!r} for {texts[data['waId']]!r}"
            for data in told
            if data["waId"] in texts and texts[data["waId"]] != data["text"]
        ]

    async def _own_view(self) -> list[str]:
        """Whether the product's history and event log say the same as the others' records."""
        found = []
        rows: dict[tuple[str, str], list[Json]] = defaultdict(list)
        for session in {s for f in self.flows for s in (*f.sessions, *((f.sender,) if f.ours else ()))}:
            for row in await self.rig.history(session):
                rows[session, row["waId"]].append(row)
        for promise in self.promises:
            flow, text = promise.flow, promise.flow.text(promise.number)
            for session in (*flow.sessions, *((flow.sender,) if flow.ours else ())):
                mine = rows[session, promise.wa_id]
                if [row["text"] for row in mine] != [text]:
                    found.append(f"the history of {session} has {text!r} {len(mine)} times")
                elif session == flow.sender and mine[0]["status"] != "read":
                    found.append(f"{text!r} was read and its status is {mine[0]['status']}")
        log = await self.rig.events("message.received", "session.status")
        for flow in self.flows:
            for session in flow.sessions:
                found += self._in_events(flow, session, "the event log", log)
        states = {e["data"]["status"] for e in log if e["type"] == "session.status"}
        return found + [f"a session became {state}" for state in sorted(states & _UNWARRANTED)]


def _once_and_in_order(who: str, texts: list[str]) -> list[str]:
    found = [f"{who} has {text!r} {n} times" for text, n in Counter(texts).items() if n > 1]
    numbers = [int(text.split()[1]) for text in texts]
    behind = [text for text, this, last in zip(texts[1:], numbers[1:], numbers, strict=False) if this < last]
    return found + [f"{who} has {text!r} after a later one" for text in behind]
