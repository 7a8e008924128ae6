"""Messages from before the session was linked: rows as if they had always been there, told to nobody.

There are no events, and files are not fetched: an old message shows no ``media``, though its protobuf is kept like any
other. A message that is there already is left as it is, whichever of its chat's addresses it came by.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from wagate.core.clock import Clock
from wagate.core.ids import AccountId, Entropy, MessageId, SessionId
from wagate.core.seal import KeyRing
from wagate.messages import kinds, payload, store
from wagate.messages.kinds import Reading
from wagate.messages.model import Direction, Failure, Message, MessageStatus, StatusTimes, old_seq
from wagate.messages.service.addresses import Person
from wagate.storage.database import Database, Tx
from wagate.wire.history import OldMessage
from wagate.wire.jid import Jid
from wagate.wire.proto import wa_pb2 as wa

#: At some 300 bytes each. Phones know thousands.
MAX_NAMES: Final = 20_000
_MAX_WA_ID: Final = 128
#: Two messages of one second whose numbers are the same by chance are told apart at the second attempt.
_SEQ_ATTEMPTS: Final = 3
#: 2100; what says that it is later was not sent by a clock.
_LAST_SECOND: Final = 4_102_444_800

_Status = wa.WebMessageInfo.Status
_OUT_STATUS: Final[Mapping[int, MessageStatus]] = {
    _Status.ERROR: MessageStatus.FAILED,
    _Status.SERVER_ACK: MessageStatus.SENT,
    _Status.DELIVERY_ACK: MessageStatus.DELIVERED,
    _Status.READ: MessageStatus.READ,
    _Status.PLAYED: MessageStatus.PLAYED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose messages they are; ``jid`` and ``lid`` are the session's own addresses, without device."""

    account: AccountId
    session: SessionId
    jid: Jid
    lid: Jid | None


@dataclass(slots=True)
class Names:
    """Which addresses belong to one account, as far as the history says; of the first so many."""

    pn_of: dict[str, str] = field(default_factory=dict)
    lid_of: dict[str, str] = field(default_factory=dict)

    def add(self, pn: Jid, lid: Jid) -> None:
        if len(self.pn_of) >= MAX_NAMES:
            return
        self.pn_of[lid.user] = pn.user
        self.lid_of[pn.user] = lid.user

    def person(self, jid: Jid) -> Person:
        """Both addresses of somebody, or the one that is known; of a group, the group."""
        if jid.is_lid:
            pn = self.pn_of.get(jid.user)
            return Person(jid=Jid(pn) if pn else jid.bare, lid=jid.bare)
        if jid.is_pn:
            lid = self.lid_of.get(jid.user)
            return Person(jid=jid.bare, lid=Jid(lid, "lid") if lid else None)
        return Person(jid=jid.bare)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that may become a row, with its sealed protobuf."""

    message: Message
    payload: bytes


class Backfill:
    """Makes rows of old messages."""

    def __init__(self, *, db: Database, ring: KeyRing, clock: Clock, entropy: Entropy = os.urandom) -> None:
        self._db = db
        self._ring = ring
        self._clock = clock
        self._entropy = entropy

    def prepare(self, owner: Owner, names: Names, old: Sequence[OldMessage | None]) -> list[Prepared]:
        """What of these is a message of a person or group. Pure work: it may run in a thread."""
        made = [self._prepared(owner, names, one) for one in old if one is not None]
        return [one for one in made if one is not None]

    async def take(self, owner: Owner, prepared: Sequence[Prepared]) -> int:
        """Store those that are not there yet, in one transaction; how many it were."""
        if not prepared:
            return 0
        return await self._db.write(lambda tx: self._insert(tx, owner, prepared))

    def _insert(self, tx: Tx, owner: Owner, prepared: Sequence[Prepared]) -> int:
        wa_ids = {one.message.wa_id for one in prepared}
        known = store.places_of(tx, owner.session, wa_ids)
        count = 0
        for one in prepared:
            message = one.message
            mine = {(message.wa_id, message.from_me, str(a)) for a in (message.chat, message.chat_lid) if a is not None}
            if mine & known:
                continue
            known |= mine
            message = self._pointing(tx, message)
            for attempt in range(_SEQ_ATTEMPTS):
                if store.insert_old(tx, replace(message, seq=old_seq(message, attempt)), one.payload):
                    count += 1
                    break
        return count

    def _pointing(self, tx: Tx, message: Message) -> Message:
        """With our ids of the messages that it is about, where we have them."""
        if message.reply_to:
            message = replace(message, reply_to=_ours(tx, message.session_id, message.reply_to))
        target = message.fields.get("target")
        if target:
            message = replace(message, fields={**message.fields, "target": _ours(tx, message.session_id, target)})
        return message

    def _prepared(self, owner: Owner, names: Names, old: OldMessage) -> Prepared | None:
        info = old.info
        chat = _address(info.key.remoteJid or old.chat)
        wa_id = info.key.id
        if chat is None or not 0 < len(wa_id) <= _MAX_WA_ID or not 0 < info.messageTimestamp < _LAST_SECOND:
            return None
        body = info.message.SerializeToString()
        reading = kinds.read(body) if body else None
        status = _status(info)
        if reading is None or status is None:
            return None
        sender = self._sender(owner, names, chat, info)
        if sender is None:
            return None
        message = self._message(owner, names.person(chat), sender, info, reading, status)
        return Prepared(message, payload.seal(self._ring, owner.session, wa_id, body))

    def _sender(self, owner: Owner, names: Names, chat: Jid, info: wa.WebMessageInfo) -> Person | None:
        if info.key.fromMe:
            return Person(jid=owner.jid, lid=owner.lid)
        if not chat.is_group:
            return names.person(chat)
        author = _address(info.key.participant or info.participant)
        return None if author is None else names.person(author)

    def _message(
        self,
        owner: Owner,
        chat: Person,
        sender: Person,
        info: wa.WebMessageInfo,
        reading: Reading,
        status: MessageStatus,
    ) -> Message:
        now, at = self._clock.now(), datetime.fromtimestamp(info.messageTimestamp, UTC)
        mine = info.key.fromMe
        fields = dict(reading.fields)
        if reading.target is not None:
            fields["target"] = reading.target
        addressed = (_address(info.key.participant or info.participant) or sender.jid) if chat.jid.is_group else None
        failed = status is MessageStatus.FAILED
        return Message(
            seq=0,
            id=MessageId.new(now, self._entropy),
            account_id=owner.account,
            session_id=owner.session,
            wa_id=info.key.id,
            direction=Direction.OUT if mine else Direction.IN,
            chat=chat.jid,
            chat_lid=chat.lid,
            sender=sender.jid,
            sender_lid=sender.lid,
            recipient=chat.jid if mine or chat.jid.is_group else owner.jid,
            from_me=mine,
            by_lid=addressed.is_lid if addressed is not None else info.key.remoteJid.endswith("@lid"),
            push_name=info.pushName or None,
            type=reading.type,
            text=reading.text,
            fields=fields,
            attachment=None,
            status=status,
            # What went wrong with it was the phone's to see.
            failure=Failure(code="outcome_unknown", certain=False) if failed else None,
            reply_to=reading.quoted,
            timestamp=at,
            created_at=now,
            status_at=StatusTimes(sent=None if failed else at),
        )


def _status(info: wa.WebMessageInfo) -> MessageStatus | None:
    """How far a message got; ``None`` for one that the phone has still to send: it tells us of it when it does."""
    if not info.key.fromMe:
        return MessageStatus.READ if info.status in (_Status.READ, _Status.PLAYED) else MessageStatus.DELIVERED
    return _OUT_STATUS.get(info.status) if info.HasField("status") else MessageStatus.SENT


def _address(text: str) -> Jid | None:
    """The address of a person or group; ``None`` for anything else, such as status updates and channels."""
    try:
        jid = Jid.parse(text)
    except ValueError:
        return None
    return jid.bare if jid.user and (jid.is_pn or jid.is_lid or jid.is_group) else None


def _ours(tx: Tx, session: SessionId, wa_id: str) -> str:
    return str(store.id_of(tx, session, wa_id) or wa_id)
