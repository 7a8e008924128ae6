"""Sending a message: to whom, encrypted for each device, in order, settled by the server's acknowledgement."""

import asyncio
import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.protobuf.message import DecodeError

from wagate.core.logging import get_logger
from wagate.engine.native import redelivery
from wagate.engine.native.cipher import Cipher
from wagate.engine.native.contents import (
    distribution,
    edit_attribute,
    enc,
    hidden_when_unreadable,
    media_type,
    meta,
    own_copy,
    stanza_type,
)
from wagate.engine.native.directory import Directory
from wagate.engine.native.groups import GroupBook
from wagate.engine.native.journal import Refused
from wagate.engine.native.line import Line
from wagate.engine.native.lru import Lru
from wagate.engine.native.redelivery import Redelivery
from wagate.engine.native.reporting import give_secret, reporting
from wagate.engine.native.trust import Trust
from wagate.engine.port import QueryFailed, RecipientUnknown, RelayImpossible, RelayRefused, RelayUnknown
from wagate.wire.jid import LID, PN, Jid
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.signal import Ciphertext

#: Messages of one link that may wait for their acknowledgement at a time.
WINDOW = 128

#: The server wants a token that the recipient gave us.
_NOT_TRUSTED = 463
#: Codes by which the server says that what we think of the recipients is outdated (a group is addressed otherwise, a
#: stanza names what is no more): looked up anew for the next message.
_OUTDATED = frozenset((421, 479))
#: Chats in which the server counts devices otherwise than we do, whatever we ask; a hundred bytes each.
_DISPUTED = 256

_log = get_logger("engine.native")

#: Asked who is in a group, the server says: we are not (403), there is none (404), there is none any more (410).
_NO_SUCH_GROUP = frozenset((403, 404, 410))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outgoing:
    """A message on its way."""

    to: Jid
    id: str
    message: wa.Message
    attributes: Mapping[str, str]
    hidden: bool
    #: Whom a status is for.
    recipients: Collection[Jid]

    @property
    def is_peer(self) -> bool:
        """Whether it is between this device and our phone, about this device's own business."""
        return self.attributes.get("category") == "peer"

    @property
    def is_personal(self) -> bool:
        """Whether it is to one account, so that tokens of trust go along."""
        return self.to.server in (PN, LID) and not self.is_peer

    def stanza(self, content: list[Node], **attrs: Attr) -> Node:
        base: dict[str, Attr] = {"to": self.to, "id": self.id, "type": stanza_type(self.message)}
        if edit := edit_attribute(self.message):
            base["edit"] = edit
        return Node("message", {**base, **attrs, **self.attributes}, content)


@dataclass(slots=True)
class _UnderWay:
    """What was handed to the journal and has no acknowledgement yet."""

    out: _Outgoing
    accounts: Collection[Jid]
    #: The devices that it is for, and this one, as they are named in its chat; none if the server need not count them.
    devices: frozenset[Jid]
    answer: "asyncio.Future[Node]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Sender:
    """The outgoing messages of one link."""

    def __init__(
        self,
        line: Line,
        directory: Directory,
        groups: GroupBook,
        cipher: Cipher,
        trust: Trust,
        again: Redelivery,
    ) -> None:
        self._line = line
        self._directory = directory
        self._groups = groups
        self._cipher = cipher
        self._trust = trust
        self._again = again
        self._turn = asyncio.Lock()
        self._room = asyncio.Semaphore(WINDOW)
        self._under_way: dict[str, _UnderWay] = {}
        #: By chat, a hash of the server's and ours beside it that went on differing after all lists were looked up.
        self._disputed: Lru[Jid, tuple[str, str]] = Lru(_DISPUTED)
        self._over = False

    async def relay(
        self, to: Jid, message: bytes, message_id: str, attributes: Mapping[str, str], recipients: Collection[Jid]
    ) -> datetime:
        """See :meth:`wagate.engine.port.EngineSession.relay`."""
        try:
            content = wa.Message.FromString(message)
        except DecodeError as error:
            raise RelayImpossible("not a Message") from error
        hidden = hidden_when_unreadable(content) or bool(attributes.get("edit"))
        out = _Outgoing(
            to=to, id=message_id, message=content, attributes=attributes, hidden=hidden, recipients=recipients
        )
        async with self._room:
            try:
                return await self._relay_once(out)
            except RelayRefused as refused:
                # Sent again without a token it would count as one more attempt to bother a stranger (Baileys).
                if refused.server_code != _NOT_TRUSTED or not out.is_personal or not await self._trust.obtain(to):
                    raise
                return await self._relay_once(out)

    def acknowledged(self, ack: Node) -> None:
        """The server's answer to a message."""
        sent = self._under_way.get(ack.get("id"))
        if sent is not None and not sent.answer.done():
            sent.answer.set_result(ack)

    def end(self) -> None:
        """The connection is over: what was handed to the journal may have left, what waits has not."""
        self._over = True
        for sent in self._under_way.values():
            if not sent.answer.done():
                sent.answer.set_exception(RelayUnknown())

    # -- one message

    async def _relay_once(self, out: _Outgoing) -> datetime:
        async with self._turn:
            sent = await self._send(out)
        return await self._outcome(sent)

    async def _send(self, out: _Outgoing) -> _UnderWay:
        if self._over or not self._line.device.linked:
            raise RelayImpossible("the connection is closed")
        if out.id in self._under_way:
            raise RelayImpossible("this message is under way already")
        to = out.to
        if not out.is_peer:
            give_secret(out.message, self._line.device, out.id)
        try:
            if to.is_group:
                return await self._to_group(out)
            if to.is_status:
                return await self._to_status(out)
            if to.server not in (PN, LID):
                raise RelayImpossible(f"the native engine can't send to {to.server}")
            if out.is_peer:
                return await self._to_peer(out)
            return await self._to_person(out)
        except QueryFailed as error:
            if to.is_group and error.server_code in _NO_SUCH_GROUP:
                raise RelayRefused(error.server_code) from error
            raise RelayImpossible(f"WhatsApp did not say what is needed to send: {error}") from error
        except Refused as error:
            raise RelayImpossible("the connection ended") from error

    async def _to_person(self, out: _Outgoing) -> _UnderWay:
        device, chat = self._line.device, out.to.bare
        own = device.own_lid if chat.is_lid else device.pn
        to_self = device.is_own(chat)
        lists = await self._directory.devices([own.bare] if to_self else [chat, own.bare])
        if not to_self and not lists.get(chat):
            # Unknown to WhatsApp, or not told. Only the former is final.
            if chat.is_pn and await self._directory.exists(chat):
                raise RelayImpossible("the recipient's devices are not known")
            raise RecipientUnknown("not on WhatsApp")
        theirs = [chat.with_device(n) for n in lists.get(chat, ())] if not to_self else []
        ours = [own.bare.with_device(n) for n in lists.get(own.bare, (0,)) if n != device.pn.device]
        names = await self._cipher.begin_sessions([*theirs, *ours])
        # Whatever may have to ask the server comes before the encryption: after it the message counts as under way.
        token = b"" if to_self else await self._trust.token_of(chat)
        plain, copy = out.message.SerializeToString(), own_copy(chat, out.message).SerializeToString()
        mine = frozenset(ours)
        sealed = await self._cipher.encrypt(names, lambda jid: copy if jid in mine else plain)
        if theirs and not any(jid in sealed for jid in theirs):
            raise RelayImpossible("no device of the recipient has usable keys")
        content = [_participants(sealed, out), *self._proof(sealed.values()), *meta(out.message)]
        content += reporting(out.message, out.id, own, chat)
        if token:
            content.append(Node("tctoken", {}, token))
        sent = self._hand_over(out.stanza(content), out, lists, frozenset((*theirs, *ours, own)))
        if not to_self:
            self._line.spawn(lambda: self._trust.give(chat), "giving a contact our token")
        return sent

    async def _to_peer(self, out: _Outgoing) -> _UnderWay:
        """To our own phone, about this device's own business."""
        phone = self._line.device.pn.bare
        names = await self._cipher.begin_sessions([phone])
        sealed = await self._cipher.encrypt(names, lambda _: out.message.SerializeToString())
        if phone not in sealed:
            raise RelayImpossible("our phone has no usable keys")
        kind, body = sealed[phone]
        content = [Node("meta", {"appdata": "default"}), enc(kind, body), *self._proof(sealed.values())]
        return self._hand_over(out.stanza(content), out, (), frozenset())

    async def _to_group(self, out: _Outgoing) -> _UnderWay:
        device, group = self._line.device, out.to
        membership = await self._groups.members(group)
        me = device.own_lid if membership.by_lid else device.pn
        lists = await self._directory.devices([*membership.members, me.bare])
        everyone = [account.with_device(n) for account, numbers in lists.items() for n in numbers]
        names = await self._cipher.begin_sessions([jid for jid in everyone if jid != me])
        body, told = await self._cipher.encrypt_group(
            group,
            names,
            out.message.SerializeToString(),
            lambda chain: distribution(group, chain).SerializeToString(),
        )
        content = [_participants(told, out)] if told else []
        content += self._proof(told.values())
        content.append(enc("skmsg", body, media=media_type(out.message), hidden=out.hidden))
        content += [*meta(out.message), *reporting(out.message, out.id, me, group)]
        mode = LID if membership.by_lid else "pn"
        stanza = out.stanza(content, addressing_mode=mode, phash=_phash(everyone))
        return self._hand_over(stanza, out, lists, frozenset(everyone))

    async def _to_status(self, out: _Outgoing) -> _UnderWay:
        """To those who may see it, and our own devices. The server delivers to whom the stanza names, so each is told
        the chain with every post.
        """
        if not out.recipients:
            raise RelayImpossible("a status is for somebody")
        me = self._line.device.pn
        lists = await self._directory.devices([*(jid.bare for jid in out.recipients), me.bare])
        everyone = [account.with_device(n) for account, numbers in lists.items() for n in numbers]
        names = await self._cipher.begin_sessions([jid for jid in everyone if jid != me])
        body, told = await self._cipher.encrypt_status(
            out.to,
            names,
            out.message.SerializeToString(),
            lambda chain: distribution(out.to, chain).SerializeToString(),
        )
        if all(self._line.device.is_own(jid) for jid in told):
            raise RecipientUnknown("nobody of them is on WhatsApp")
        content = [_participants(told, out), *self._proof(told.values())]
        content.append(enc("skmsg", body, media=media_type(out.message), hidden=out.hidden))
        content += [*meta(out.message), *reporting(out.message, out.id, me, out.to)]
        return self._hand_over(out.stanza(content, phash=_phash(everyone)), out, lists, frozenset(everyone))

    def _hand_over(self, stanza: Node, out: _Outgoing, accounts: Collection[Jid], devices: frozenset[Jid]) -> _UnderWay:
        if self._over:
            raise RelayImpossible("the connection ended")
        sent = self._under_way[out.id] = _UnderWay(out, accounts, devices)
        self._line.post(stanza)
        return sent

    async def _outcome(self, sent: _UnderWay) -> datetime:
        out = sent.out
        try:
            async with asyncio.timeout(redelivery.ACK_SECONDS):
                ack = await sent.answer
        except TimeoutError:
            raise RelayUnknown("no acknowledgement in time") from None
        finally:
            self._under_way.pop(out.id, None)
        if ack.get("error"):
            code = ack.number("error") or 0
            if code in _OUTDATED:
                self._forget(sent)
            if out.to.is_group or out.to.is_status:
                # Nobody got the chain that came with it.
                await self._cipher.forget_told(out.to)
            raise RelayRefused(code)
        if self._is_news(sent, ack.get("phash")):
            self._line.spawn(lambda: self._complete(sent), "giving a message to devices that lack it")
        at = ack.number("t")
        return self._line.clock.now() if at is None else datetime.fromtimestamp(at, UTC)

    def _is_news(self, sent: _UnderWay, told: str) -> bool:
        """Whether the server counts other devices than the message was for, by its hash (empty: it says nothing)."""
        chat = sent.out.to
        # Of a status it knows no devices but those that we name.
        if not told or not sent.devices or chat.is_status or told == (ours := _phash(sent.devices)):
            return False
        is_known = self._disputed.get(chat) == (told, ours)
        self._disputed.put(chat, (told, ours))
        return not is_known

    def _forget(self, sent: _UnderWay) -> None:
        for account in sent.accounts:
            self._directory.forget(account)
        if sent.out.to.is_group:
            self._groups.forget(sent.out.to)

    async def _complete(self, sent: _UnderWay) -> None:
        """The server counted other devices than we did: look them up anew, and give it to those that lack it."""
        self._forget(sent)
        out = sent.out
        try:
            if out.to.is_group:
                membership = await self._groups.members(out.to)
                me = self._line.device.own_lid if membership.by_lid else self._line.device.pn
                lists = await self._directory.devices([*membership.members, me.bare])
            else:
                lists = await self._directory.devices(list(sent.accounts))
            everyone = {account.with_device(n) for account, numbers in lists.items() for n in numbers}
            for device in sorted(everyone - sent.devices, key=str):
                await self._again.give(device, out.to.bare, out.message, out.id)
        except (QueryFailed, Refused, TimeoutError) as error:
            _log.info("devices that a message lacked were not given it", reason=type(error).__name__)

    def _proof(self, sealed: Iterable[Ciphertext]) -> list[Node]:
        """That our account vouches for this device; who meets it for the first time wants to see it."""
        if not any(kind == "pkmsg" for kind, _ in sealed):
            return []
        return [Node("device-identity", {}, self._line.device.device_identity)]


def _participants(sealed: Mapping[Jid, Ciphertext], out: _Outgoing) -> Node:
    media = "" if out.to.is_group or out.to.is_status else media_type(out.message)
    parts = [
        Node("to", {"jid": jid}, [enc(kind, body, media=media, hidden=out.hidden)])
        for jid, (kind, body) in sealed.items()
    ]
    return Node("participants", {}, parts)


def _phash(devices: Iterable[Jid]) -> str:
    """What the server compares with its own count of a group's devices. Source: whatsmeow."""
    names = sorted(f"{jid.user}.0:{jid.device}@{jid.server}" for jid in devices)
    digest = hashlib.sha256("".join(names).encode()).digest()
    return "2:" + base64.b64encode(digest[:6]).decode().rstrip("=")
