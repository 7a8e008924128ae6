"""What shall go wrong: switches that tests and people throw while everything runs."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TypeVar

from wagate.core.clock import Clock
from wagate.core.errors import BadRequest
from wagate.sandbox.record import Direction
from wagate.wire.certs import ForgedChain
from wagate.wire.node import Node

#: A reordered stanza waits this long for one to overtake it.
REORDER_SECONDS = 1.0

_MAX_SECONDS = 3600.0

E = TypeVar("E", bound=StrEnum)


class FaultRefused(BadRequest):
    """The body describes no fault."""

    code = "bad_fault"


class FaultKind(StrEnum):
    #: A stanza vanishes.
    DROP = "drop"
    #: A stanza comes ``seconds`` later; those behind it overtake it.
    DELAY = "delay"
    #: A stanza is held until the faults are cleared.
    HOLD = "hold"
    #: A stanza comes twice.
    DUPLICATE = "duplicate"
    #: A stanza comes after the next one of its kind.
    REORDER = "reorder"
    #: The connection ends with ``code``: now, or in place of a stanza if one is named. Code 0 cuts the line.
    CLOSE = "close"
    #: A login is answered by ``<failure reason=code>``.
    REFUSE_LOGIN = "refuseLogin"
    #: A message is acknowledged with an error of ``code`` and goes nowhere.
    REFUSE_MESSAGE = "refuseMessage"
    #: All lines are cut, and nobody gets through for ``seconds`` (until cleared if there are none).
    GO_AWAY = "goAway"
    #: The server reads but answers nothing and sends nothing.
    SILENCE = "silence"
    #: The handshake shows a certificate chain with this lie in it.
    FORGE_CHAIN = "forgeChain"


class CloseAs(StrEnum):
    STREAM_ERROR = "streamError"
    FAILURE = "failure"
    #: ``<stream:error><conflict type="replaced"/>``, whatever the code.
    REPLACED = "replaced"


class StanzaKind(StrEnum):
    ANY = "any"
    ACK = "ack"
    #: Only the acknowledgements of messages.
    MESSAGE_ACK = "messageAck"
    MESSAGE = "message"
    RECEIPT = "receipt"
    NOTIFICATION = "notification"
    IQ = "iq"
    PRESENCE = "presence"
    CHATSTATE = "chatstate"

    def matches(self, node: Node) -> bool:
        if self is StanzaKind.MESSAGE_ACK:
            return node.tag == "ack" and node.get("class") == "message"
        return self is StanzaKind.ANY or node.tag == self.value


_ON_STANZAS = frozenset(
    (FaultKind.DROP, FaultKind.DELAY, FaultKind.HOLD, FaultKind.DUPLICATE, FaultKind.REORDER, FaultKind.CLOSE)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. It ends after ``times`` strikes or ``seconds``, whichever is given and comes first, or when all are
    cleared; for a delay, ``seconds`` is the delay."""

    kind: FaultKind
    #: Which stanzas it strikes; ``None`` for a close means: now.
    stanza: StanzaKind | None = None
    #: "out": what the server sends; "in": what clients send.
    direction: Direction = Direction.OUT
    #: Only the device of this JID, or all devices of this number; empty: everybody.
    session: str = ""
    times: int | None = None
    seconds: float | None = None
    code: int = 0
    close_as: CloseAs = CloseAs.STREAM_ERROR
    chain: ForgedChain | None = None

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "Fault":
        """Read the body of ``POST /sandbox/faults``: camelCase names of the fields, ``closeAs`` among them.

        :raises FaultRefused: if a field is unknown, missing for its kind, or out of range.
        """
        unknown = set(body) - {
            "kind", "stanza", "direction", "session", "times", "seconds", "code", "closeAs", "chain",
        }  # fmt: skip
        if unknown:
            raise FaultRefused(f"unknown fields: {', '.join(sorted(unknown))}")
        kind = _choice(FaultKind, body, "kind", None)
        if kind is None:
            raise FaultRefused(f"kind is one of {', '.join(FaultKind)}")
        fault = cls(
            kind=kind,
            stanza=_choice(StanzaKind, body, "stanza", None),
            direction=_choice(Direction, body, "direction", Direction.OUT) or Direction.OUT,
            session=_session(body.get("session")),
            times=_whole(body, "times", 1, 1_000_000),
            seconds=_seconds(body.get("seconds")),
            code=_whole(body, "code", 0, 999) or 0,
            close_as=_choice(CloseAs, body, "closeAs", CloseAs.STREAM_ERROR) or CloseAs.STREAM_ERROR,
            chain=_choice(ForgedChain, body, "chain", None),
        )
        if kind in _ON_STANZAS and kind is not FaultKind.CLOSE and fault.stanza is None:
            raise FaultRefused(f"{kind} needs stanza: one of {', '.join(StanzaKind)}")
        if kind is FaultKind.DELAY and fault.seconds is None:
            raise FaultRefused("delay needs seconds")
        if kind in (FaultKind.REFUSE_LOGIN, FaultKind.REFUSE_MESSAGE) and not fault.code:
            raise FaultRefused(f"{kind} needs code")
        if kind in (FaultKind.FORGE_CHAIN, FaultKind.GO_AWAY) and fault.session:
            raise FaultRefused(f"{kind} strikes before it is known who connects, so it takes no session")
        if kind is FaultKind.FORGE_CHAIN and fault.chain is None:
            raise FaultRefused(f"forgeChain needs chain: one of {', '.join(ForgedChain)}")
        return fault

    def as_dict(self) -> dict[str, object]:
        """As it was parsed."""
        return {
            "kind": self.kind.value,
            "stanza": self.stanza.value if self.stanza else None,
            "direction": self.direction.value,
            "session": self.session or None,
            "times": self.times,
            "seconds": self.seconds,
            "code": self.code,
            "closeAs": self.close_as.value,
            "chain": self.chain.value if self.chain else None,
        }

    def concerns(self, session: str) -> bool:
        return self.session in ("", session, session.partition("@")[0].partition(":")[0])

    def closing(self) -> Node | None:
        """The last stanza of a connection that this fault closes."""
        if self.close_as is CloseAs.REPLACED:
            return Node("stream:error", {}, [Node("conflict", {"type": "replaced"})])
        if not self.code:
            return None
        if self.close_as is CloseAs.FAILURE:
            return failure(self.code)
        removed = [Node("conflict", {"type": "device_removed"})] if self.code == 401 else None
        return Node("stream:error", {"code": str(self.code)}, removed)


def failure(code: int) -> Node:
    """``<failure>``, the answer to a login. A ban (402) says how many seconds it lasts."""
    expire = {"expire": "3600", "code": "101"} if code == 402 else {}
    return Node("failure", {"reason": str(code), "location": "rva", **expire})


@dataclass(slots=True, eq=False)
class _Active:
    fault: Fault
    left: int | None
    until: float | None
    held: list[Callable[[], None]] = field(default_factory=list)


class Faults:
    """The faults that are switched on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._active: list[_Active] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, fault: Fault) -> None:
        lasts = fault.seconds is not None and fault.kind is not FaultKind.DELAY
        until = self._clock.monotonic() + fault.seconds if lasts and fault.seconds is not None else None
        self._active.append(_Active(fault, fault.times, until))

    def clear(self) -> None:
        """Switch all off; what is held back goes on its way."""
        active, self._active = self._active, []
        for one in active:
            _let_go(one)

    @property
    def none(self) -> bool:
        """Whether nothing at all is switched on."""
        return not self._active

    def active(self) -> list[Fault]:
        return [one.fault for one in self._current()]

    def strike(self, kind: FaultKind, session: str = "") -> Fault | None:
        """The fault of that kind that strikes now, which uses up one of its times."""
        for one in self._current():
            if one.fault.kind is kind and one.fault.stanza is None and one.fault.concerns(session):
                _use(one)
                return one.fault
        return None

    def lasting(self, kind: FaultKind, session: str = "") -> bool:
        """Whether a fault of that kind is on; uses nothing up."""
        return any(one.fault.kind is kind and one.fault.concerns(session) for one in self._current())

    def pass_through(
        self,
        node: Node,
        direction: Direction,
        session: str,
        go: Callable[[], None],
        close: Callable[[Node | None], None],
    ) -> None:
        """Let a stanza go by ``go`` once, later, twice or never, or ``close`` the connection in its place."""
        for one in self._current():
            fault = one.fault
            if fault.stanza is None or fault.kind not in _ON_STANZAS or fault.direction is not direction:
                continue
            if not fault.stanza.matches(node) or not fault.concerns(session):
                continue
            if fault.kind is FaultKind.HOLD and one.left == 0:
                continue
            if one.held and fault.kind is FaultKind.REORDER:
                # The first of a reordered pair waits; this one overtakes it.
                go()
                _let_go(one)
                return
            _use(one)
            match fault.kind:
                case FaultKind.DROP:
                    return
                case FaultKind.DUPLICATE:
                    go()
                    go()
                case FaultKind.HOLD:
                    one.held.append(go)
                case FaultKind.DELAY:
                    self._later(fault.seconds or 0.0, go)
                case FaultKind.REORDER:
                    one.held.append(go)
                    self._later(REORDER_SECONDS, partial(_let_go, one))
                case _:
                    close(fault.closing())
            return
        go()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _current(self) -> list[_Active]:
        now = self._clock.monotonic()
        self._active = [
            one
            for one in self._active
            if (one.left is None or one.left > 0 or one.held) and (one.until is None or now < one.until)
        ]
        return [one for one in self._active if one.left is None or one.left > 0 or one.held]

    def _later(self, seconds: float, go: Callable[[], None]) -> None:
        async def wait() -> None:
            await self._clock.sleep(seconds)
            go()

        task = asyncio.get_running_loop().create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _use(one: _Active) -> None:
    if one.left is not None:
        one.left -= 1


def _let_go(one: _Active) -> None:
    held, one.held = one.held, []
    for go in held:
        go()


def _choice(kind: type[E], body: Mapping[str, object], name: str, default: E | None) -> E | None:
    value = body.get(name)
    if value is None:
        return default
    try:
        return kind(value)  # type: ignore[arg-type]  # what is no string is refused just the same
    except ValueError:
        raise FaultRefused(f"{name} is one of {', '.join(kind)}") from None


def _whole(body: Mapping[str, object], name: str, least: int, most: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise FaultRefused(f"{name} is a whole number from {least} to {most}")
    return value


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_SECONDS:
        raise FaultRefused(f"seconds is a number from 0 to {_MAX_SECONDS:.0f}")
    return float(value)


def _session(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FaultRefused("session is the JID of a device, or a number")
    return value
