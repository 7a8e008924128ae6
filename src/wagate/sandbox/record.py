"""What the server saw, in order: kinds, ids, addresses and the public counters of ciphertexts. Nothing is decrypted.

The tests' claims about what left and what arrived are checked here and at the phones, never in the product's own
tables.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from wagate.core.clock import Clock
from wagate.wire.node import Node
from wagate.wire.signal import Malformed, inspect

MAX_ENTRIES = 200_000


class Direction(StrEnum):
    #: From a client to the server.
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCipher:
    """One ciphertext. ``to`` is the device it is for; ``chain`` names its chain: the sender's ratchet key, or the id
    of a sender key (hex); a (session, to, chain, counter) must never come twice with different contents."""

    to: str
    kind: str
    chain: str
    counter: int

    def as_dict(self) -> dict[str, object]:
        return {"to": self.to, "kind": self.kind, "chain": self.chain, "counter": self.counter}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stanza, or one event of a connection: ``connected``, ``login``, ``disconnected``, ``refused``."""

    seq: int
    #: RFC 3339, UTC.
    at: str
    #: The device's JID; empty before login.
    session: str
    direction: Direction
    stanza: str
    #: Which connection, counted from 1.
    connection: int = 0
    id: str = ""
    from_: str = ""
    to: str = ""
    participant: str = ""
    type: str = ""
    #: ``class`` of an ack, ``xmlns`` of an iq, the reason of a refusal or of a stream's end.
    detail: str = ""
    error: str = ""
    offline: bool = False
    ciphers: tuple[SeenCipher, ...] = ()
    #: All the ids that a receipt is about, its own included.
    receipt_ids: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """As the control API shows it."""
        return {
            "seq": self.seq,
            "at": self.at,
            "session": self.session,
            "direction": self.direction.value,
            "stanza": self.stanza,
            "connection": self.connection,
            "id": self.id,
            "from": self.from_,
            "to": self.to,
            "participant": self.participant,
            "type": self.type,
            "detail": self.detail,
            "error": self.error,
            "offline": self.offline,
            "ciphers": [cipher.as_dict() for cipher in self.ciphers],
            "receiptIds": list(self.receipt_ids),
        }


class WireRecord:
    """A bounded ring of entries; ``seq`` counts on when the oldest are dropped."""

    def __init__(self, clock: Clock, limit: int = MAX_ENTRIES) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._next = 1

    def stanza(self, session: str, direction: Direction, node: Node, connection: int = 0) -> None:
        """Note a stanza."""
        error = node.get("error") or node.get("code") or node.get("reason")
        if node.tag == "iq" and node.get("type") == "error" and (told := node.child("error")):
            error = told.get("code")
        self._add(
            session,
            direction,
            node.tag,
            connection=connection,
            id=node.get("id"),
            from_=node.get("from"),
            to=node.get("to"),
            participant=node.get("participant"),
            type=node.get("type"),
            detail=_detail(node),
            error=error,
            offline="offline" in node.attrs,
            ciphers=_ciphers(node, session, direction) if node.tag == "message" else (),
            receipt_ids=receipt_ids(node) if node.tag == "receipt" else (),
        )

    def event(self, session: str, what: str, detail: str = "", connection: int = 0) -> None:
        """Note that a connection began, logged in, was refused, or ended."""
        self._add(session, Direction.IN, what, detail=detail, connection=connection)

    def since(self, after: int = 0, session: str = "", limit: int = 1000) -> list[Entry]:
        """The entries after that ``seq``, oldest first; of one session if its JID or number is given."""
        if not self._entries:
            return []
        skip = max(0, after + 1 - self._entries[0].seq)
        entries = islice(self._entries, skip, None)
        return list(islice((e for e in entries if not session or _is_of(e, session)), limit))

    @property
    def last_seq(self) -> int:
        return self._next - 1

    def _add(self, session: str, direction: Direction, stanza: str, **fields: object) -> None:
        at = self._clock.now().isoformat().replace("+00:00", "Z")
        entry = Entry(
            seq=self._next,
            at=at,
            session=session,
            direction=direction,
            stanza=stanza,
            **fields,  # type: ignore[arg-type]  # the two callers name fields of Entry
        )
        self._next += 1
        self._entries.append(entry)


def receipt_ids(node: Node) -> tuple[str, ...]:
    """All the ids that a receipt is about; its own first."""
    listed = (item.get("id") for part in node.all("list") for item in part.all("item"))
    return (node.get("id"), *listed)


def _is_of(entry: Entry, session: str) -> bool:
    return entry.session == session or entry.session.partition(":")[0] == session


def _detail(node: Node) -> str:
    if node.tag == "ack":
        return node.get("class")
    if node.tag == "iq":
        child = node.children[0].tag if node.children else ""
        return " ".join(filter(None, (node.get("xmlns"), child)))
    if node.children:
        return node.children[0].tag
    return ""


def _ciphers(node: Node, session: str, direction: Direction) -> tuple[SeenCipher, ...]:
    receiver = session if direction is Direction.OUT else node.get("participant") or node.get("to")
    found = [(receiver, enc) for enc in node.all("enc")]
    if (participants := node.child("participants")) is not None:
        found += [(to.get("jid"), enc) for to in participants.all("to") for enc in to.all("enc")]
    seen: list[SeenCipher] = []
    for to, enc in found:
        kind = enc.get("type")
        try:
            chain, counter = inspect(kind, enc.data)
        except Malformed:
            seen.append(SeenCipher(to=to, kind=kind, chain="", counter=-1))
        else:
            seen.append(SeenCipher(to=to, kind=kind, chain=chain.hex(), counter=counter))
    return tuple(seen)
