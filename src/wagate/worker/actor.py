"""One session while this worker holds its lease: connect, react to what happens, reconnect, stop.

One task runs all of it, one thing after the other. What happens and what is wished come in by :meth:`SessionActor.ask`
and the engine's event sink and wait in a mailbox; so no two transitions of a session ever meet here. Two children run
beside it: the inbox consumer for as long as the actor lives, the outbox while the session is online.

If the task is cancelled, the lease is (about to be) lost: it closes the connection and writes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Any, Final, TypeVar

import msgspec

from wagate.core.errors import Unavailable, WagateError
from wagate.core.logging import get_logger
from wagate.core.metrics import Counter
from wagate.engine.lease import StaleEpoch
from wagate.engine.port import (
    Arrived,
    Closed,
    EngineEvent,
    EngineSession,
    EventSink,
    Linked,
    Online,
    OpenRequest,
    PasskeyWanted,
    QrIssued,
    WrongEngine,
)
from wagate.sessions.codes import ShownCode
from wagate.sessions.links import Stage
from wagate.sessions.model import (
    BAN_SECONDS_IF_UNTOLD,
    FAILURES_UNTIL_ERROR,
    QR_TIMEOUT,
    REACTIONS,
    WRONG_ENGINE,
    Desired,
    Lease,
    Reaction,
    ReactionKind,
    Session,
    SessionStatus,
    Trigger,
    reaction_to,
)
from wagate.sessions.waiting import end, over, within
from wagate.worker.backoff import LONGEST_SECONDS, Pacer, full_jitter
from wagate.worker.inbox import InboxConsumer
from wagate.worker.ports import Tools

T = TypeVar("T")

#: Handshake and login take a second; a server that answers neither is as good as away.
OPEN_SECONDS: Final = 60.0
CLOSE_SECONDS: Final = 5.0
#: A server that says nothing for so long costs no processor time, and need not keep others from connecting.
ANSWER_SECONDS: Final = 5.0
#: Between two tries to record something while the database is away, give or take a half: a session sends nothing until
#: it has, also when the database is back.
_DATABASE_PAUSE: Final = 1.0
#: What arrived before the end is taken in before the end is told, unless the database is that slow.
DRAIN_SECONDS: Final = 10.0
#: A connection that held this long was a success; one that broke sooner counts on from the failures before it.
STABLE_SECONDS: Final = 60.0
#: After :data:`FAILURES_UNTIL_ERROR`, an attempt every 15 to 30 minutes.
SLOW_SECONDS: Final = (15 * 60.0, 30 * 60.0)
#: How often who waits for a turn looks whether it comes sooner.
TURN_LOOK_SECONDS: Final = 1.0
#: Connections lost while showing codes, after which nobody is taken to be waiting for them.
LINKING_ROUNDS: Final = 5

_OPENED = Counter("wagate_session_connections_total", "Connections that came online, by engine.", ("engine",))
_ENDED = Counter(
    "wagate_session_disconnects_total", "Connections that ended, by what is done about it.", ("reaction", "reason")
)
_LEASES_LOST = Counter("wagate_leases_lost_total", "Sessions that another worker took over while this one held them.")

_log = get_logger("worker.actor")


class Wish(IntEnum):
    """What an actor can be asked for; of several, the highest is granted."""

    RECONNECT = 1
    DISCONNECT = 2
    #: Close and give the session up, so that another worker can take it.
    RELEASE = 3


@dataclass(frozen=True, slots=True)
class _Event:
    """What an engine session said; ``connection`` tells late words of a former one apart."""

    connection: int
    event: EngineEvent


@dataclass(frozen=True, slots=True)
class _ChildFailed:
    error: BaseException


class _Nudge:
    """Look at the wishes."""


class SessionActor:
    """One session, from the moment its lease is taken. :meth:`run` is called once."""

    def __init__(self, tools: Tools, lease: Lease, session: Session) -> None:
        self._tools = tools
        self._clock = tools.clock
        self._lease = lease
        self._session = session
        self._mailbox: asyncio.Queue[_Event | _ChildFailed | _Nudge] = asyncio.Queue()
        self._wishes: set[Wish] = set()
        self._inbox = InboxConsumer(
            lease,
            lambda: self._session,
            db=tools.db,
            inbox=tools.inbox,
            receiver=tools.receiver,
            clock=tools.clock,
            random=tools.random,
        )
        #: Set when anything is put into the mailbox.
        self._stirred = asyncio.Event()
        self._inbox_task: asyncio.Task[None] | None = None
        self._outbox_task: asyncio.Task[None] | None = None
        self._link: EngineSession | None = None
        self._connection = 0
        self._codes_shown = 0
        self._online_since: float | None = None
        self._failures = 0
        self._restarts = 0
        self._linking_rounds = 0
        self._wait = _first_wait(session, tools)
        self._pace: Pacer = tools.openings

    def ask(self, wish: Wish) -> None:
        """Wish for something; asking again before it is granted changes nothing."""
        if wish not in self._wishes:
            self._wishes.add(wish)
            self._put(_Nudge())

    async def run(self) -> None:
        """Host the session until it is not wanted any more, has to stop, or the lease is lost. The lease is given up
        in the last transaction.

        :raises Exception: whatever goes wrong unexpectedly; the connection is closed all the same.
        """
        self._inbox_task = self._child(self._inbox.run())
        try:
            await self._live()
        except StaleEpoch:
            _LEASES_LOST.add()
            _log.warning("the session is hosted elsewhere now")
        finally:
            try:
                await self._hang_up()
            finally:
                await end(self._inbox_task)

    # -- the life of a session

    async def _live(self) -> None:
        if self._session.desired is Desired.DISCONNECTED:
            await self._finish()
            return
        while True:
            ended: Closed | Wish | Reaction | None = await self._idle(self._wait)
            if ended is None:
                ended = await self._connect()
            if ended is Wish.RECONNECT:
                self._failures = self._restarts = 0
                self._wait, self._pace = 0.0, self._tools.openings
            elif isinstance(ended, Wish):
                await self._finish()
                return
            elif isinstance(ended, Reaction):
                await self._stop(ended)
                return
            elif not await self._react(ended):
                return

    async def _connect(self) -> Closed | Wish | Reaction:
        """One connection, from opening it to its end; what to do if there could not be one at all."""
        lost = self._session.status is SessionStatus.CONNECTED
        self._session = await self._insist(
            lambda: self._tools.hosting.record(self._lease, Trigger.OPENING, reason="worker_lost" if lost else None)
        )
        self._wishes.discard(Wish.RECONNECT)
        request = OpenRequest(
            session=self._lease.session,
            epoch=self._lease.epoch,
            endpoint=self._tools.endpoint,
            proxy=await self._insist(lambda: self._tools.hosting.proxy(self._lease)),
            engine=self._session.engine,
        )
        if (wish := await self._take_turn(self._pace)) is not None:
            return wish
        try:
            async with self._tools.opening:
                # Last: what holds attempts up after it would make them come in bursts.
                while (left := self._pace.begin()) > 0:
                    if (wish := await self._idle(left)) is not None:
                        return wish
                self._connection += 1
                self._codes_shown = 0
                self._online_since = None
                self._stirred.clear()
                sink = self._sink(self._connection)
                self._link = await within(self._clock, OPEN_SECONDS, self._tools.engine.open(request, sink))
                with suppress(TimeoutError):
                    await within(self._clock, ANSWER_SECONDS, self._stirred.wait())
        except TimeoutError:
            return Closed(code=408, reason="the connection could not be opened in time")
        except StaleEpoch:
            raise
        except WrongEngine as error:
            _log.error("a session has the keys of another engine; nothing was changed", detail=error.detail)
            return WRONG_ENGINE
        except WagateError as error:
            _log.warning("a session could not be opened", code=error.code)
            return Closed(code=0, reason=error.code)
        while True:
            item = await self._mailbox.get()
            wish = self._wish()
            if wish is not None:
                await self._hang_up()
                return wish
            if isinstance(item, _ChildFailed):
                raise item.error
            if isinstance(item, _Event) and item.connection == self._connection:
                if isinstance(item.event, Closed):
                    self._link_ended()
                    await end(self._take_outbox())
                    return item.event
                await self._on(item.event)

    async def _on(self, event: EngineEvent) -> None:
        hosting, link = self._tools.hosting, self._link
        assert link is not None
        match event:
            case QrIssued(code=code, expires_at=expires_at):
                self._codes_shown += 1
                shown = ShownCode(code=code, expires_at=expires_at, version=self._codes_shown)
                self._session = await self._insist(lambda: hosting.show_qr(self._lease, shown))
                self._tools.links.put(self._lease.session, link, Stage.LINKING, self._clock.now())
            case PasskeyWanted(options=options, expires_at=expires_at):
                self._codes_shown += 1
                text = msgspec.json.encode(options).decode()
                shown = ShownCode(code=text, expires_at=expires_at, version=self._codes_shown)
                self._session = await self._insist(lambda: hosting.show_passkey(self._lease, shown))
            case Linked(identity=identity):
                self._linking_rounds = 0
                self._session = await self._insist(
                    lambda: hosting.record(self._lease, Trigger.LINKED, identity=identity)
                )
            case Online(identity=identity):
                self._session = await self._insist(
                    lambda: hosting.record(self._lease, Trigger.ONLINE, identity=identity)
                )
                self._restarts = 0
                self._online_since = self._clock.monotonic()
                self._tools.links.put(self._lease.session, link, Stage.ONLINE, self._clock.now())
                await end(self._take_outbox())
                self._outbox_task = self._child(self._send(link))
                _OPENED.add(self._session.engine)
                _log.info("session online")
            case _:
                pass

    # -- after a connection

    async def _react(self, closed: Closed) -> bool:
        """Do what the table says; whether to go on."""
        linking = self._session.status is SessionStatus.QR_REQUIRED
        reaction = reaction_to(closed.code, linking=linking)
        if linking and reaction.status is SessionStatus.CONNECTING:
            self._linking_rounds += 1
            if self._linking_rounds >= LINKING_ROUNDS:
                reaction = QR_TIMEOUT
        # A server may invent codes.
        _ENDED.add(reaction.kind.value, reaction.reason if closed.code in REACTIONS else "unknown_code")
        _log.info("connection ended", code=closed.code, reaction=reaction.kind.value, reason=reaction.reason)
        if reaction.kind is ReactionKind.ALERT:
            _log.error(
                "WhatsApp refuses this program; the operator has to act", code=closed.code, reason=reaction.reason
            )
        match reaction.kind:
            case ReactionKind.RECONNECT_NOW if self._restarts == 0:
                # A second restart in a row without a login between is a failure like any other.
                self._restarts += 1
                await self._again(reaction, 0.0, self._tools.openings)
            case ReactionKind.RECONNECT_NOW | ReactionKind.BACKOFF:
                await self._again(reaction, self._next_delay(), self._tools.reconnects)
            case ReactionKind.BACKOFF_LIMITED:
                delay = self._next_delay()
                if self._failures > FAILURES_UNTIL_ERROR:
                    reaction = Reaction(reaction.kind, SessionStatus.ERROR, reaction.reason)
                    delay = self._tools.random.uniform(*SLOW_SECONDS)
                await self._again(reaction, delay, self._tools.reconnects)
            case ReactionKind.WAIT_UNTIL:
                until = closed.retry_at or self._clock.now() + timedelta(seconds=BAN_SECONDS_IF_UNTOLD)
                delay = max(0.0, (until - self._clock.now()).total_seconds())
                await self._again(reaction, delay, self._tools.reconnects)
            case ReactionKind.STOP | ReactionKind.ALERT | ReactionKind.CONFLICT | ReactionKind.WIPE_AND_STOP:
                await self._stop(reaction)
                return False
        return True

    async def _again(self, reaction: Reaction, delay: float, pace: Pacer) -> None:
        retry_at = self._clock.now() + timedelta(seconds=delay) if delay else None
        self._session = await self._insist(
            lambda: self._tools.hosting.record(self._lease, reaction.trigger, reason=reaction.reason, retry_at=retry_at)
        )
        self._wait, self._pace = delay, pace

    async def _stop(self, reaction: Reaction) -> None:
        await self._empty_inbox()
        self._session = await self._insist(
            lambda: self._tools.hosting.record(
                self._lease,
                reaction.trigger,
                reason=reaction.reason,
                wipe=reaction.wipes_keys,
                release=True,
            )
        )

    async def _finish(self) -> None:
        """Give the session up as wished."""
        await self._hang_up()
        await self._empty_inbox()
        await self._insist(lambda: self._tools.hosting.finish(self._lease, reason="worker_stopped"))

    def _next_delay(self) -> float:
        held = None if self._online_since is None else self._clock.monotonic() - self._online_since
        if held is not None and held >= STABLE_SECONDS:
            self._failures = 0
        self._failures += 1
        return full_jitter(self._failures - 1, self._tools.random)

    async def _empty_inbox(self) -> None:
        self._inbox.finish()
        if self._inbox_task is not None:
            try:
                await within(self._clock, DRAIN_SECONDS, over(self._inbox_task))
            except TimeoutError:
                _log.warning("the inbox could not be emptied in time")

    # -- the connection

    def _sink(self, connection: int) -> EventSink:
        async def sink(event: EngineEvent) -> None:
            if isinstance(event, Arrived):
                self._inbox.wake()
            else:
                self._put(_Event(connection, event))

        return sink

    async def _hang_up(self) -> None:
        """End the connection, if there is one, and wait until the engine says so."""
        outbox, link = self._take_outbox(), self._link
        self._link_ended()
        # First the socket: the outbox may be waiting for a database that is away.
        if link is not None:
            try:
                await within(self._clock, CLOSE_SECONDS, self._close(link))
            except TimeoutError:
                _log.warning("a connection did not close in time")
            except WagateError as error:
                _log.warning("a connection did not close", code=error.code)
        await end(outbox)

    async def _close(self, link: EngineSession) -> None:
        await link.close()
        others: list[_ChildFailed | _Nudge] = []
        try:
            while True:
                item = await self._mailbox.get()
                if not isinstance(item, _Event):
                    others.append(item)
                elif item.connection == self._connection and isinstance(item.event, Closed):
                    return
        finally:
            for other in others:
                self._mailbox.put_nowait(other)

    def _link_ended(self) -> None:
        if self._link is not None:
            self._tools.links.remove(self._lease.session, self._link)
            self._link = None

    def _take_outbox(self) -> asyncio.Task[None] | None:
        task, self._outbox_task = self._outbox_task, None
        return task

    async def _send(self, link: EngineSession) -> None:
        """Keep the outbox running: its failure is no reason to stop receiving."""
        attempt = 0
        while True:
            begun = self._clock.monotonic()
            try:
                await self._tools.outbox.run(self._session, self._lease.epoch, link)
            except StaleEpoch:
                raise
            except Exception as failure:  # noqa: BLE001 - as said above
                _log.error("the outbox failed", error=type(failure).__name__, exc_info=True)
                self._tools.links.report_stall(self._lease.session, link, True)
            attempt = 0 if self._clock.monotonic() - begun > STABLE_SECONDS else attempt + 1
            await self._clock.sleep(full_jitter(attempt, self._tools.random))
            self._tools.links.report_stall(self._lease.session, link, False)

    # -- waiting

    async def _idle(self, seconds: float) -> Wish | None:
        """Wait without a connection; a wish ends it early."""
        deadline = self._clock.monotonic() + seconds
        while True:
            wish = self._wish()
            if wish is not None:
                return wish
            left = deadline - self._clock.monotonic()
            if not self._mailbox.empty():
                item = self._mailbox.get_nowait()
            elif left <= 0:
                return None
            else:
                try:
                    item = await within(self._clock, left, self._mailbox.get())
                except TimeoutError:
                    return None
            if isinstance(item, _ChildFailed):
                raise item.error

    async def _take_turn(self, pace: Pacer) -> Wish | None:
        """Wait for a turn to try; a wish ends it early."""
        turn = pace.take()
        wish = await self._idle(0.0)
        while wish is None and (left := pace.left(turn)) > 0:
            # The pace may change meanwhile, and turns with it.
            wish = await self._idle(min(left, TURN_LOOK_SECONDS))
        return wish

    def _put(self, item: _Event | _ChildFailed | _Nudge) -> None:
        self._mailbox.put_nowait(item)
        self._stirred.set()

    def _wish(self) -> Wish | None:
        if not self._wishes:
            return None
        wish = max(self._wishes)
        self._wishes.discard(wish)
        return wish

    def _child(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._child_ended)
        return task

    def _child_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._put(_ChildFailed(error))

    async def _insist(self, write: Callable[[], Awaitable[T]]) -> T:
        """Do what must be recorded, however long the database is away; the lease's end puts an end to it."""
        while True:
            try:
                async with self._tools.recording:
                    return await write()
            except Unavailable as error:
                _log.warning("a session waits for the database", code=error.code)
                await self._clock.sleep(_DATABASE_PAUSE * self._tools.random.uniform(0.5, 1.5))


def _first_wait(session: Session, tools: Tools) -> float:
    """How long a former worker's delay still holds. Its clock may have gone wrong, so delays of ours are limited to
    what they can be; only a ban lasts as long as WhatsApp said.
    """
    if session.retry_at is None:
        return 0.0
    left = max(0.0, (session.retry_at - tools.clock.now()).total_seconds())
    if session.status is SessionStatus.BANNED:
        return left
    return min(left, SLOW_SECONDS[1] if session.status is SessionStatus.ERROR else LONGEST_SECONDS)
