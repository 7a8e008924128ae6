"""Accepting a message: check everything that can be checked, then commit it as ``queued``.

From that commit on it will be sent, whatever happens to this process. Its id, its WhatsApp id and its idempotency key
are in the same transaction, so a request that is repeated, raced or answered by nobody (the process died after the
commit) finds the same message.
"""

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from wagate.core import tracing
from wagate.core.clock import Clock
from wagate.core.errors import WagateError
from wagate.core.ids import AccountId, Entropy, MessageId, SessionId
from wagate.core.logging import bound_values
from wagate.core.metrics import Counter, Histogram
from wagate.core.seal import KeyRing, SealBroken
from wagate.engine.points import Reach, SendPoint
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.media.model import Media
from wagate.messages import kinds, payload, store
from wagate.messages.errors import (
    BadIdempotencyKey,
    IdempotencyMismatch,
    MessageNotFound,
    ReplyNotFound,
    SessionLoggedOut,
    SessionNotLinked,
)
from wagate.messages.kinds.body import FileBody, SendBody
from wagate.messages.kinds.context import Quoted, build_context
from wagate.messages.kinds.sending import SendingFile
from wagate.messages.model import (
    PENDING,
    Attachment,
    Direction,
    Message,
    MessageStatus,
    as_shown,
)
from wagate.messages.recipient import resolve
from wagate.messages.service.admission import Admission, admit
from wagate.messages.service.lookout import Lookout
from wagate.messages.service.sources import FileSources, TakenFile
from wagate.messages.service.topics import as_told, message_topic, outbox_topic
from wagate.sessions.errors import SessionNotFound
from wagate.sessions.model import SessionStatus
from wagate.sessions.store import Sender, sender_of
from wagate.storage.bus import Bus, Subscription
from wagate.storage.database import Database, Tx
from wagate.storage.errors import OutcomeUnknown
from wagate.web.principal import Principal
from wagate.wire.jid import Jid
from wagate.wire.proto import wa_pb2 as wa

#: How long a request may wait for WhatsApp's acknowledgement, and how long it does unless told.
MAX_WAIT: Final = 60.0
DEFAULT_WAIT: Final = 10.0

_ACCEPTED = Counter("wagate_messages_accepted_total", "Messages stored as queued, which will be sent.", ("type",))
_ACCEPT_SECONDS = Histogram(
    "wagate_message_accept_seconds", "From a request to send to its durable answer, without fetching a file."
)

#: Tells whoever has the session that a message of it waits; never blocks and never fails.
HandOver = Callable[[SessionId, MessageId], None]

_KEY: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """A request to send, as far as it could be checked without the database."""

    principal: Principal
    session: SessionId
    kind: kinds.Kind[Any, Any]
    body: SendBody
    content: kinds.Content
    file: SendingFile | None
    key: str | None
    digest: bytes
    message: MessageId
    wa_id: str
    request_id: str | None
    traceparent: str | None


class Messages:
    """Takes messages and tells what became of them."""

    def __init__(
        self,
        *,
        db: Database,
        events: EventLog,
        bus: Bus,
        clock: Clock,
        ring: KeyRing,
        sources: FileSources,
        hand_over: HandOver | None = None,
        idempotency_hours: int = 24,
        first_contacts_per_day: int = 0,
        entropy: Entropy = os.urandom,
        reach: Reach | None = None,
    ) -> None:
        """``hand_over`` has a message that was just stored be looked at; without it, the bus does. ``reach`` is told of
        each point where a test may end the program.

        ``first_contacts_per_day`` is the most of a number, see :mod:`wagate.messages.warmup`; 0 is no bound.
        """
        self._db = db
        self._events = events
        self._bus = bus
        self._clock = clock
        self._ring = ring
        self._sources = sources
        self._hand_over = hand_over or (lambda session, _: bus.publish(outbox_topic(session)))
        self._key_lifetime = timedelta(hours=idempotency_hours)
        self._first_contacts = first_contacts_per_day
        self._entropy = entropy
        self._lookout = Lookout(db, bus, clock)
        self._reach = reach or (lambda _: None)

    async def send(
        self,
        principal: Principal,
        session: SessionId,
        body: SendBody,
        *,
        idempotency_key: str | None = None,
        file: Media | None = None,
        wait: float = DEFAULT_WAIT,
    ) -> Message:
        """Accept a message and wait up to ``wait`` seconds for its outcome; the message as it is then.

        ``file`` is what came with the request itself, in place of ``body.media``.

        :raises SessionNotFound: also if it is out of the principal's reach. :raises SessionLoggedOut:
        :raises SessionNotLinked: :raises InvalidRecipient: :raises TextTooLong: :raises ReplyNotFound:
        :raises PlanLimit: if the account has used up what its plan allows.
        :raises FirstContactBudget: if the number may write to nobody new today. :raises NewChatsRestricted:
        :raises IdempotencyMismatch: if the key was used with another body.
        :raises OutcomeUnknown: if it can't be said whether it was accepted; the same key tells.
        """
        taken = None if file is None else TakenFile(media=file, mine=True)
        identifier = MessageId.new(self._clock.now(), self._entropy)
        with self._bus.subscribe(message_topic(identifier)) as news:
            try:
                accepted = await self._submit(principal, session, body, idempotency_key, taken, identifier)
            except WagateError as error:
                if not isinstance(error, OutcomeUnknown):
                    await self._sources.discard(taken)
                raise
            if isinstance(accepted, Message):
                return await self._outcome(principal, accepted, news, wait)
        # The same request was made before; the message that it made is the answer.
        await self._sources.discard(taken)
        return await self.wait_for(principal, accepted, wait)

    async def wait_for(self, principal: Principal, message: MessageId, wait: float) -> Message:
        """The message, once it is settled or ``wait`` seconds are over.

        :raises MessageNotFound: also if it is out of the principal's reach.
        """
        with self._bus.subscribe(message_topic(message)) as news:
            return await self._outcome(principal, await self._read(principal, message), news, wait)

    def answer_now(self) -> None:
        """Let no request wait any more, also of those to come: they are answered as if their time was over. For when
        this process is about to end, which would cut them off.
        """
        self._lookout.end()

    async def check_sender(self, principal: Principal, session: SessionId) -> None:
        """Say early what would be said of a message from this session, before its file is taken in.

        :raises SessionNotFound: :raises SessionLoggedOut: :raises SessionNotLinked:
        """
        await self._db.read(lambda tx: _sender(tx, principal, session))

    async def sent_message(self, session: SessionId, wa_id: str) -> bytes | None:
        """The protobuf of a message that this session sent, for a recipient who could not decrypt it; ``None`` if it is
        unknown or no longer kept.
        """
        sealed = await self._db.read(lambda tx: store.sealed_payload(tx, session, wa_id))
        if sealed is None:
            return None
        try:
            return payload.unseal(self._ring, session, wa_id, sealed)
        except SealBroken:
            return None

    # -- accepting

    async def _submit(
        self,
        principal: Principal,
        session: SessionId,
        body: SendBody,
        key: str | None,
        taken: TakenFile | None,
        identifier: MessageId,
    ) -> Message | MessageId:
        """Get the file, then write the message; or the id of the one that this request made before."""
        if key is not None and not _KEY.fullmatch(key):
            raise BadIdempotencyKey
        kind = kinds.SENDABLE[body.type]
        digest = _digest(body, session, taken.media if taken else None)
        sending, fetched = None, None
        if isinstance(body, FileBody):
            # A file may take a minute to fetch: say first what can be said without it.
            before = await self._db.read(lambda tx: self._admitted(tx, principal, session, key, digest, body))
            if before is not None:
                return before
            if taken is None:
                fetched = taken = await self._sources.take(principal, body.media)
        try:
            if isinstance(body, FileBody) and taken is not None:
                sending = await self._sources.prepare(taken, body.media, picture=kind.needs_picture)
            order = _Order(
                principal=principal,
                session=session,
                kind=kind,
                body=body,
                content=kind.parse(body, sending),
                file=sending,
                key=key,
                digest=digest,
                message=identifier,
                # As WhatsApp Web makes them; Baileys recognises a web client by the beginning.
                wa_id="3EB0" + self._entropy(9).hex().upper(),
                request_id=bound_values().get("request_id"),
                traceparent=tracing.current(),
            )
            begun = self._clock.monotonic()
            accepted = await self._db.write(lambda tx: self._accept(tx, order))
        except WagateError as error:
            if not isinstance(error, OutcomeUnknown):
                await self._sources.discard(fetched)
            raise
        if isinstance(accepted, Message):
            _ACCEPTED.add(body.type)
            _ACCEPT_SECONDS.observe(self._clock.monotonic() - begun)
        else:
            await self._sources.discard(fetched)
        return accepted

    def _admitted(
        self,
        tx: Tx,
        principal: Principal,
        session: SessionId,
        key: str | None,
        digest: bytes,
        body: SendBody,
    ) -> MessageId | None:
        """The message that this request already made, if it is a repetition.

        Raises what can be said before a file is fetched.
        """
        sender = _sender(tx, principal, session)
        known = self._known(tx, principal, key, digest)
        if known is None:
            now = self._clock.now()
            self._admission(tx, principal.account_id, session, sender, resolve(body.to, sender.own), now)
        return known

    def _admission(
        self, tx: Tx, account: AccountId, session: SessionId, sender: "_Sender", chat: Jid, now: datetime
    ) -> Admission:
        return admit(
            tx,
            account=account,
            session=session,
            sender=sender.row,
            chat=chat,
            first_contacts=self._first_contacts,
            now=now,
        )

    def _known(self, tx: Tx, principal: Principal, key: str | None, digest: bytes) -> MessageId | None:
        used = store.used_key(tx, principal.account_id, key, self._clock.now()) if key is not None else None
        if used is None:
            return None
        if used.digest != digest:
            raise IdempotencyMismatch
        return used.message_id

    def _accept(self, tx: Tx, order: _Order) -> Message | MessageId:
        """Write the message, its key and its event; or the id of the one that the key already stands for."""
        account = order.principal.account_id
        sender = _sender(tx, order.principal, order.session)
        own = sender.own
        known = self._known(tx, order.principal, order.key, order.digest)
        if known is not None:
            return known
        now = self._clock.now()
        chat = resolve(order.body.to, own)
        admission = self._admission(tx, account, order.session, sender, chat, now)
        quoted = self._quoted(tx, order)
        mentions = [resolve(mention, own) for mention in order.body.mentions]
        built: wa.Message = order.kind.build(order.content, build_context(chat, quoted, mentions))
        message = self._message(order, own, chat, mentions, now)
        if order.key is not None and not store.use_key(
            tx, account, order.key, order.digest, order.message, now, self._key_lifetime
        ):
            known = self._known(tx, order.principal, order.key, order.digest)
            if known is not None:
                return known
        admission.count(tx)
        sealed = payload.seal(self._ring, order.session, order.wa_id, built.SerializeToString())
        if admission.budget is None:
            store.insert_at_end(tx, message, sealed)
        else:
            # The next message to this chat may share the commit, and is no first contact any more.
            store.insert(tx, message, sealed)
        self._events.append(
            tx,
            account_id=account,
            session_id=order.session,
            type=EventType.MESSAGE_QUEUED,
            data=message.to_json(),
            traceparent=message.traceparent,
        )
        self._reach(SendPoint.ACCEPTING)
        tx.after_commit(lambda: self._accepted(order.session, order.message))
        return message

    def _accepted(self, session: SessionId, message: MessageId) -> None:
        self._reach(SendPoint.ACCEPTED)
        self._hand_over(session, message)

    def _message(self, order: _Order, own: Jid, chat: Jid, mentions: list[Jid], now: datetime) -> Message:
        fields = order.content.fields
        if mentions:
            fields["mentions"] = [str(jid) for jid in mentions]
        return Message(
            seq=0,
            id=order.message,
            account_id=order.principal.account_id,
            session_id=order.session,
            wa_id=order.wa_id,
            direction=Direction.OUT,
            chat=chat,
            chat_lid=chat if chat.is_lid else None,
            sender=own,
            recipient=chat,
            from_me=True,
            type=order.body.type,
            text=order.content.text,
            fields=fields,
            attachment=_attachment(order.file),
            status=MessageStatus.QUEUED,
            reply_to=order.body.reply_to,
            timestamp=as_shown(now),
            created_at=now,
            request_id=order.request_id,
            traceparent=order.traceparent,
        )

    def _quoted(self, tx: Tx, order: _Order) -> Quoted | None:
        if order.body.reply_to is None:
            return None
        try:
            wanted = MessageId.parse(order.body.reply_to)
        except ValueError:
            raise ReplyNotFound("replyTo is the id of a message, such as msg_…") from None
        found = store.find_with_payload(tx, order.principal.account_id, order.session, wanted)
        if found is None:
            raise ReplyNotFound
        message, sealed = found
        content = wa.Message(conversation=message.text or "")
        if sealed is not None:
            content = wa.Message.FromString(payload.unseal(self._ring, order.session, message.wa_id, sealed))
        return Quoted(wa_id=message.wa_id, chat=message.chat, sender=message.sender, content=content)

    # -- the outcome

    async def _outcome(self, principal: Principal, message: Message, news: Subscription, wait: float) -> Message:
        deadline = self._clock.monotonic() + min(wait, MAX_WAIT)
        with self._lookout.watch(message.id):
            while message.status in PENDING:
                left = deadline - self._clock.monotonic()
                if left <= 0 or self._lookout.over:
                    return message
                told = await news.next(left)
                if told is not None:
                    message = as_told(message, told) or await self._read(principal, message.id)
        return message

    async def _read(self, principal: Principal, identifier: MessageId) -> Message:
        found = await self._db.read(lambda tx: store.find(tx, principal.account_id, identifier))
        if found is None or not principal.may_see(found.session_id):
            raise MessageNotFound
        return found


@dataclass(frozen=True, slots=True)
class _Sender:
    """The session that sends, and the address it sends as."""

    row: Sender
    own: Jid


def _sender(tx: Tx, principal: Principal, session: SessionId) -> _Sender:
    if not principal.may_see(session):
        raise SessionNotFound
    found = sender_of(tx, principal.account_id, session)
    if found is None:
        raise SessionNotFound
    if found.status == SessionStatus.LOGGED_OUT:
        raise SessionLoggedOut
    if found.jid is None:
        raise SessionNotLinked
    return _Sender(found, found.jid.bare)


def _digest(body: SendBody, session: SessionId, file: Media | None) -> bytes:
    """What makes two requests the same: every field with its default filled in, the session, and the file's bytes."""
    fields = body.model_dump(mode="json", by_alias=True)
    fields["sessionId"] = str(session)
    fields["file"] = file.sha256 if file is not None else None
    return hashlib.sha256(msgspec.json.encode(fields, order="deterministic")).digest()


def _attachment(file: SendingFile | None) -> Attachment | None:
    if file is None:
        return None
    return Attachment(
        id=str(file.media.id),
        mimetype=file.media.mimetype,
        size=file.media.size,
        sha256=file.media.sha256,
        filename=file.filename or file.media.filename,
        state=file.media.state,
    )
