"""Sending what is queued: one run for each connection of a session, by whoever holds its lease.

Messages start in the order in which they were accepted, many on the way at once. What keeps the order within a chat:

* the engine puts overlapping relays on the wire in the order of the calls;
* the first message to a chat travels alone, because only then are devices looked up and sessions made, which is what
  fails; once it is acknowledged, others may follow without waiting;
* a message that could not leave, or whose file is still on its way up or can't be read for now, holds back its chat.

None of these holds back another chat. What does is a refusal that is not about the message but about the number
(``pausing.py``).

A message keeps its WhatsApp id through every attempt, so a recipient sees it once. Marks are written under the
session's epoch, many in one transaction: ``sending`` before a message starts, ``sent`` or ``failed`` when WhatsApp
answered. What ends unanswered stays ``sending``, and the next run sends it again first.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, TypeVar

from wagate.core import metrics, tracing
from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.core.logging import bind, get_logger
from wagate.core.seal import KeyRing, SealBroken
from wagate.engine.lease import StaleEpoch, check_epoch
from wagate.engine.points import Reach, SendPoint
from wagate.engine.port import (
    EngineSession,
    EngineUnavailable,
    RecipientUnknown,
    RelayImpossible,
    RelayRefused,
    RelayUnknown,
)
from wagate.events.service import EventLog
from wagate.media.errors import HostsUnavailable
from wagate.messages import payload, store
from wagate.messages.errors import (
    AccountRestricted,
    MediaUnavailable,
    NotOnWhatsApp,
    NotSent,
    SendFailed,
    refusal,
)
from wagate.messages.model import Failure
from wagate.messages.service.files import OutgoingFiles
from wagate.messages.service.pausing import Pausing, pause_for
from wagate.messages.service.settling import Answer, Settling
from wagate.messages.service.topics import outbox_topic
from wagate.messages.store import Outgoing
from wagate.sessions.model import PauseReason, Session
from wagate.sessions.pausing import Pauses
from wagate.storage.blobs import BlobMissing
from wagate.storage.bus import Bus, Subscription
from wagate.storage.database import Database, Tx
from wagate.storage.errors import OutcomeUnknown, StorageUnavailable
from wagate.wire.jid import Jid

#: Messages on the way at once. WhatsApp answers in 50 to 100 ms, so this is good for some 300 a second to real
#: servers; a larger one only makes more of them uncertain when a connection breaks.
WINDOW: Final = 32
_BATCH: Final = 2 * WINDOW
#: What could not leave is tried again after these pauses, then given up.
PAUSES: Final = (1.0, 3.0, 10.0, 30.0)
#: A wake-up may get lost on its way between processes: look at least this often.
_LOOK_SECONDS: Final = 30.0
_DATABASE_PAUSE: Final = 1.0
#: While a file can't be read because its store is away, its message is tried again after each such pause: short, for
#: what waited to leave soon after the store is back, and cheap, for only one look at the store is shared by all.
STORE_PAUSE: Final = 3.0
#: A store is away for minutes, and an operator may take an hour to bring it back. Then the chat goes on without it.
STORE_PATIENCE: Final = 3600.0
#: Chats that wait at once, mostly for files on their way up. Beyond it, messages with files stay queued, and texts to
#: other chats pass them.
MOST_HELD: Final = 500
#: Chats known to be set up; forgetting one only makes its next message travel alone.
_MAX_WARM: Final = 10_000

T = TypeVar("T")

_SETTLED = metrics.Counter(
    "wagate_messages_settled_total",
    "Messages that WhatsApp took (sent), refused or could not be given (failed), or may have got (uncertain).",
    ("type", "outcome"),
)
_ACK_SECONDS = metrics.Histogram(
    "wagate_message_ack_seconds", "From accepting a message to the acknowledgement of WhatsApp's server."
)
_POSTPONED = metrics.Counter(
    "wagate_messages_postponed_total", "Attempts that could not leave and are made again.", ("reason",)
)
_UNDER_WAY = metrics.Gauge("wagate_messages_under_way", "Messages given to the engine and not answered yet.")

_log = get_logger("messages.outbox")


class Outbox:
    """Sends what :class:`~wagate.messages.service.send.Messages` accepted."""

    def __init__(
        self,
        *,
        db: Database,
        events: EventLog,
        bus: Bus,
        clock: Clock,
        ring: KeyRing,
        files: OutgoingFiles,
        reach: Reach | None = None,
    ) -> None:
        """``reach`` is told of each point where a test may end the program."""
        self.db = db
        self.events = events
        self.bus = bus
        self.clock = clock
        self.ring = ring
        self.files = files
        self.pauses = Pauses(events, bus)
        self.reach = reach or (lambda _: None)

    async def run(self, session: Session, epoch: int, link: EngineSession) -> None:
        """Send the session's queued messages through ``link``, and those that come, until cancelled or until the
        connection ends.

        :raises StaleEpoch: if the lease is lost.
        """
        await _Run(self, session, epoch, link).go()


@dataclass(slots=True)
class _Held:
    """A chat that has to wait: its messages in order, and whether their time has come."""

    waiting: list[Outgoing]
    due: bool = False
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class _Run:
    outbox: Outbox
    session: Session
    epoch: int
    link: EngineSession
    #: Marked ``sending``, not started yet.
    ready: deque[Outgoing] = field(default_factory=deque)
    under_way: Counter[Jid] = field(default_factory=Counter)
    warm: OrderedDict[Jid, None] = field(default_factory=OrderedDict)
    held: dict[Jid, _Held] = field(default_factory=dict)
    attempts: Counter[int] = field(default_factory=Counter)
    #: Since when (on the monotonic clock) the store keeps a message's file from being read.
    store_away: dict[int, float] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    sends: set[asyncio.Task[None]] = field(default_factory=set)
    others: set[asyncio.Task[None]] = field(default_factory=set)
    writes: set[asyncio.Future[Any]] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    more_queued: bool = True
    claiming: bool = False
    pausing: Pausing = field(init=False)
    settling: Settling = field(init=False)
    over: bool = False
    failure: BaseException | None = None

    def __post_init__(self) -> None:
        self.pausing = Pausing(self.session, self.outbox.clock)
        self.settling = Settling(self.outbox.events, self.outbox.bus, self.session.id, self.epoch)

    async def go(self) -> None:
        leave = _UNDER_WAY.follow(lambda: len(self.sends))
        with self.outbox.bus.subscribe(outbox_topic(self.session.id)) as news:
            self._task(self._listen(news), self.others)
            self._task(self._look_regularly(), self.others)
            self._task(self._write_answers(), self.others)
            self._task(self._keep_pause(), self.others)
            try:
                self.ready.extend(await self._left())
                await self._work()
                if self.failure is None:
                    # The connection is gone; what is on the way learns so by itself.
                    await asyncio.gather(*self.sends, return_exceptions=True)
            finally:
                leave()
                tasks = [*self.others, *self.sends]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, *self.writes, return_exceptions=True)
                await self._last_words()
        if self.failure is not None:
            raise self.failure

    async def _work(self) -> None:
        while not self.over and self.failure is None:
            self.changed.clear()
            self._release()
            self._start()
            if self.more_queued and not self.claiming and len(self.ready) < self.pausing.window(WINDOW):
                self.claiming, self.more_queued = True, False
                self._task(self._claim(), self.others)
            await self.changed.wait()

    # -- taking messages on

    async def _listen(self, news: Subscription) -> None:
        while True:
            await news.next()
            news.drain()
            self._look()

    async def _look_regularly(self) -> None:
        while True:
            await self.outbox.clock.sleep(_LOOK_SECONDS)
            self._look()

    def _look(self) -> None:
        self.more_queued = True
        self.changed.set()

    async def _left(self) -> list[Outgoing]:
        while True:
            try:
                return await self.outbox.db.read(lambda tx: store.left_sending(tx, self.session.id))
            except Unavailable:
                await self.outbox.clock.sleep(_DATABASE_PAUSE)

    async def _claim(self) -> None:
        without = list(self.held)
        claim = store.claim if len(without) < MOST_HELD else store.claim_without_files

        def work(tx: Tx) -> list[Outgoing]:
            check_epoch(tx, self.session.id, self.epoch)
            return claim(tx, self.session.id, limit=_BATCH, without=without)

        try:
            claimed = await self._write(work)
        except OutcomeUnknown:
            # They may be marked by now, and no claim would find them. The next run begins with what is marked.
            self.over = True
        except Unavailable:
            await self.outbox.clock.sleep(_DATABASE_PAUSE)
            self.more_queued = True
        else:
            if claimed:
                self.outbox.reach(SendPoint.CLAIMED)
            self.ready.extend(claimed)
            self.more_queued = self.more_queued or len(claimed) == _BATCH
        finally:
            self.claiming = False
            self.changed.set()

    # -- starting them in order

    def _start(self) -> None:
        window = self.pausing.window(WINDOW)
        while self.ready and sum(self.under_way.values()) < window:
            chat = self.ready[0].message.chat
            if chat in self.held:
                self.held[chat].waiting.append(self.ready.popleft())
            elif self.under_way[chat] and chat not in self.warm:
                # It goes on as soon as the chat's first message is answered; others need not wait for that.
                self.held[chat] = _Held(waiting=[self.ready.popleft()], due=True)
            else:
                self._begin(self.ready.popleft())

    def _begin(self, out: Outgoing) -> None:
        chat, session = out.message.chat, self.session.id
        try:
            if out.payload is None:
                raise SealBroken("the message's content is no longer kept")
            content = payload.unseal(self.outbox.ring, session, out.message.wa_id, out.payload)
        except SealBroken as error:
            _log.error("a queued message can't be opened", message_id=out.message.id, detail=error.detail)
            self._fail(out, NotSent())
            return
        if out.message.attachment is not None and self.outbox.files.must_upload(content):
            self._hold(out, self._upload(out, content))
            return
        self.under_way[chat] += 1
        # Tasks run their first step in the order in which they were made, and that step is the call of relay.
        self._task(self._send(out, content), self.sends)

    async def _send(self, out: Outgoing, content: bytes) -> None:
        message = out.message
        if message.request_id is not None:
            bind(request_id=message.request_id)
        try:
            # Without a restriction nothing is awaited here: the first step has to be the call of relay.
            if self.pausing.restricted and await self._is_cold(message.chat):
                self._fail(out, AccountRestricted())
                return
            with tracing.span("relay", tracing.Kind.CLIENT, parent=message.traceparent, message_id=message.id):
                at = await self.link.relay(message.recipient, content, message.wa_id, {})
        except RecipientUnknown:
            self._fail(out, NotOnWhatsApp())
        except RelayRefused as error:
            _log.warning("WhatsApp refused a message", message_id=message.id, server_code=error.server_code)
            reason = pause_for(error.server_code, message.chat)
            if reason is not None:
                self.pausing.begin(reason)
            if reason is PauseReason.TOO_FAST:
                self._try_again(out, refusal(error.server_code), error.code)
            else:
                self._fail(out, refusal(error.server_code))
        except RelayImpossible as error:
            self._try_again(out, NotSent(), error.code)
        except (RelayUnknown, EngineUnavailable) as error:
            _log.info("connection ended before an answer", message_id=message.id, code=error.code)
            self.over = True
        else:
            self.pausing.succeeded()
            self.warm[message.chat] = None
            if len(self.warm) > _MAX_WARM:
                self.warm.popitem(last=False)
            self._answer(Answer(message=message, at=at))
            _SETTLED.add(message.type, "sent")
            _ACK_SECONDS.observe((self.outbox.clock.now() - message.created_at).total_seconds())
            self.attempts.pop(message.seq, None)
        finally:
            self.under_way[message.chat] -= 1
            if not self.under_way[message.chat]:
                del self.under_way[message.chat]
            self.changed.set()

    # -- pauses

    async def _is_cold(self, chat: Jid) -> bool:
        """Whether this would be the first message to somebody who never wrote."""
        if chat in self.warm or not (chat.is_pn or chat.is_lid):
            return False
        return not await self.outbox.db.read(lambda tx: store.chat_known(tx, self.session.id, chat, settled=True))

    async def _keep_pause(self) -> None:
        """Write down when a pause begins, and end it when its time has come."""
        pausing, pauses, clock = self.pausing, self.outbox.pauses, self.outbox.clock
        session, epoch = self.session.id, self.epoch
        while True:
            pause = await pausing.next()
            if pause is None:
                await self._write_patiently(lambda tx: pauses.end(tx, session, epoch, now=clock.now()))
                self._look()
            else:
                _log.warning("sending pauses", reason=pause.reason.value, until=pause.until.isoformat())
                await self._write_patiently(
                    partial(
                        pauses.begin,
                        session=session,
                        epoch=epoch,
                        reason=pause.reason,
                        until=pause.until,
                        now=clock.now(),
                    )
                )

    # -- chats that wait

    def _hold(self, out: Outgoing, work: Coroutine[Any, Any, None]) -> None:
        """Keep a message and all later ones of its chat until ``work`` is done."""
        held = self.held.get(out.message.chat)
        if held is None:
            held = self.held[out.message.chat] = _Held(waiting=[out])
        else:
            # Two of a chat were on the way and neither could leave; the pause that runs already serves both.
            held.waiting.append(out)
        if held.task is None:
            held.due = False
            held.task = self._task(self._until_due(held, work), self.others)
        else:
            work.close()

    async def _until_due(self, held: _Held, work: Coroutine[Any, Any, None]) -> None:
        await work
        held.due = True
        self.changed.set()

    def _release(self) -> None:
        for chat in [chat for chat, held in self.held.items() if held.due and not self.under_way[chat]]:
            held = self.held.pop(chat)
            self.ready.extendleft(sorted(held.waiting, key=lambda out: out.message.seq, reverse=True))
            # Later messages of this chat were left out of claims.
            self.more_queued = True

    def _try_again(self, out: Outgoing, failure: SendFailed, code: str) -> None:
        tried = self.attempts[out.message.seq]
        if tried >= len(PAUSES):
            self._fail(out, failure)
            return
        self.attempts[out.message.seq] = tried + 1
        _POSTPONED.add(code)
        _log.warning("a message could not leave yet", message_id=out.message.id, code=code, attempt=tried + 1)
        self.warm.pop(out.message.chat, None)
        self._hold(out, self.outbox.clock.sleep(PAUSES[tried]))

    async def _upload(self, out: Outgoing, content: bytes) -> None:
        """Bring the message's file to WhatsApp and put its place into the message."""
        message, held = out.message, self.held[out.message.chat]
        try:
            complete = await self.outbox.files.upload(message, content, self.link)
        except (BlobMissing, MediaUnavailable):
            held.waiting.remove(out)
            self._fail(out, MediaUnavailable())
            return
        except EngineUnavailable:
            self.over = True
            return
        except StorageUnavailable as error:
            since = self.store_away.setdefault(message.seq, self.outbox.clock.monotonic())
            if self.outbox.clock.monotonic() - since >= STORE_PATIENCE:
                held.waiting.remove(out)
                self._fail(out, MediaUnavailable())
                return
            _log.info("a file could not be read yet", message_id=message.id, code=error.code)
            await self.outbox.clock.sleep(STORE_PAUSE)
            return
        except HostsUnavailable as error:
            tried = self.attempts[message.seq]
            if tried >= len(PAUSES):
                held.waiting.remove(out)
                self._fail(out, MediaUnavailable())
                return
            self.attempts[message.seq] = tried + 1
            _log.warning("a file could not be uploaded yet", message_id=message.id, code=error.code)
            await self.outbox.clock.sleep(PAUSES[tried])
            return
        self.store_away.pop(message.seq, None)
        sealed = payload.seal(self.outbox.ring, self.session.id, message.wa_id, complete)

        def keep(tx: Tx) -> None:
            check_epoch(tx, self.session.id, self.epoch)
            store.replace_payload(tx, self.session.id, message.seq, sealed)

        await self._write_patiently(keep)
        held.waiting[held.waiting.index(out)] = replace(out, payload=sealed)

    # -- writing the answers down

    def _fail(self, out: Outgoing, failure: SendFailed) -> None:
        self.attempts.pop(out.message.seq, None)
        _SETTLED.add(out.message.type, "failed" if failure.certain else "uncertain")
        self.store_away.pop(out.message.seq, None)
        self._answer(Answer(message=out.message, failure=Failure(code=failure.code, certain=bool(failure.certain))))

    def _answer(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.answered.set()

    async def _write_answers(self) -> None:
        while True:
            await self.answered.wait()
            self.answered.clear()
            batch, self.answers = self.answers, []
            await self._write_patiently(partial(self.settling.settle, batch=batch))

    async def _last_words(self) -> None:
        """What WhatsApp answered in the last moment; if it can't be written, the messages are sent once more."""
        if self.answers and not isinstance(self.failure, StaleEpoch):
            batch, self.answers = self.answers, []
            try:
                await self.outbox.db.write(partial(self.settling.settle, batch=batch))
            except (StaleEpoch, Unavailable) as error:
                _log.warning("answers could not be written", count=len(batch), code=error.code)

    # -- helpers

    async def _write(self, work: Callable[[Tx], T]) -> T:
        # Once queued, a write runs even if nobody waits for it. The end of this run does, because the next one must
        # find everything written.
        write = asyncio.ensure_future(self.outbox.db.write(work))
        self.writes.add(write)
        write.add_done_callback(self.writes.discard)
        return await asyncio.shield(write)

    async def _write_patiently(self, work: Callable[[Tx], None]) -> None:
        while True:
            try:
                await self._write(work)
            except Unavailable:
                await self.outbox.clock.sleep(_DATABASE_PAUSE)
            else:
                return

    def _task(self, work: Coroutine[Any, Any, None], group: set[asyncio.Task[None]]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        group.add(task)
        task.add_done_callback(group.discard)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and self.failure is None:
            self.failure = error
            self.changed.set()
