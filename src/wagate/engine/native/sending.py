"""Sending a message: to whom, encrypted for each device, in order, settled by the server's acknowledgement."""

import asyncio
import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.protobuf.message import DecodeError

from wagate.engine.native.cipher import Cipher
from wagate.engine.native.contents import distribution, enc, hidden_when_unreadable, media_type, own_copy, stanza_type
from wagate.engine.native.directory import Directory
from wagate.engine.native.groups import GroupBook
from wagate.engine.native.journal import Refused
from wagate.engine.native.line import Line
from wagate.engine.native.trust import Trust
from wagate.engine.port import QueryFailed, RecipientUnknown, RelayImpossible, RelayRefused, RelayUnknown
from wagate.wire.jid import LID, PN, Jid
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.signal import Ciphertext

#: Messages of one link that may wait for their acknowledgement at a time.
WINDOW = 128
#: As whatsmeow waits for one.
ACK_SECONDS = 75.0

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

    def stanza(self, content: list[Node], **attrs: Attr) -> Node:
        base: dict[str, Attr] = {"to": self.to, "id": self.id, "type": stanza_type(self.message)}
        return Node("message", {**base, **attrs, **self.attributes}, content)


@dataclass(slots=True)
class _UnderWay:
    """What was handed to the journal and has no acknowledgement yet."""

    accounts: Collection[Jid]
    phash: str
    answer: "asyncio.Future[Node]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Sender:
    """The outgoing messages of one link."""

    def __init__(self, line: Line, directory: Directory, groups: GroupBook, cipher: Cipher, trust: Trust) -> None:
        self._line = line
        self._directory = directory
        self._groups = groups
        self._cipher = cipher
        self._trust = trust
        self._turn = asyncio.Lock()
        self._room = asyncio.Semaphore(WINDOW)
        self._under_way: dict[str, _UnderWay] = {}
        self._over = False

    async def relay(self, to: Jid, message: bytes, message_id: str, attributes: Mapping[str, str]) -> datetime:
        """See :meth:`wagate.engine.port.EngineSession.relay`."""
        async with self._room:
            async with self._turn:
                sent = await self._send(to, message, message_id, attributes)
            return await self._outcome(message_id, sent)

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

    async def _send(self, to: Jid, message: bytes, message_id: str, attributes: Mapping[str, str]) -> _UnderWay:
        if self._over or not self._line.device.linked:
            raise RelayImpossible("the connection is closed")
        if message_id in self._under_way:
            raise RelayImpossible("this message is under way already")
        try:
            content = wa.Message.FromString(message)
        except DecodeError as error:
            raise RelayImpossible("not a Message") from error
        hidden = hidden_when_unreadable(content, dict(attributes))
        out = _Outgoing(to=to, id=message_id, message=content, attributes=attributes, hidden=hidden)
        try:
            if to.is_group:
                return await self._to_group(out)
            if to.server not in (PN, LID):
                raise RelayImpossible(f"the native engine can't send to {to.server}")
            if attributes.get("category") == "peer":
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
        content = [_participants(sealed, out), *self._proof(sealed.values())]
        if token:
            content.append(Node("tctoken", {}, token))
        sent = self._hand_over(out.stanza(content), out.id, lists)
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
        content = [enc(kind, body), *self._proof(sealed.values())]
        return self._hand_over(out.stanza(content), out.id, ())

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
        mode = LID if membership.by_lid else "pn"
        phash = _phash(everyone)
        stanza = out.stanza(content, addressing_mode=mode, phash=phash)
        return self._hand_over(stanza, out.id, lists, phash)

    def _hand_over(self, stanza: Node, message_id: str, accounts: Collection[Jid], phash: str = "") -> _UnderWay:
        if self._over:
            raise RelayImpossible("the connection ended")
        sent = self._under_way[message_id] = _UnderWay(accounts, phash)
        self._line.post(stanza)
        return sent

    async def _outcome(self, message_id: str, sent: _UnderWay) -> datetime:
        try:
            async with asyncio.timeout(ACK_SECONDS):
                ack = await sent.answer
        except TimeoutError:
            raise RelayUnknown("no acknowledgement in time") from None
        finally:
            self._under_way.pop(message_id, None)
        told = ack.get("phash")
        group = ack.jid("from")
        if told and told != sent.phash:
            # The server counted other devices than we did.
            for account in sent.accounts:
                self._directory.forget(account)
            if group is not None:
                self._groups.forget(group)
        if ack.get("error"):
            if group is not None and group.is_group:
                # Nobody got the chain that came with it.
                await self._cipher.forget_told(group)
            raise RelayRefused(ack.number("error") or 0)
        at = ack.number("t")
        return self._line.clock.now() if at is None else datetime.fromtimestamp(at, UTC)

    def _proof(self, sealed: Iterable[Ciphertext]) -> list[Node]:
        """That our account vouches for this device; who meets it for the first time wants to see it."""
        if not any(kind == "pkmsg" for kind, _ in sealed):
            return []
        return [Node("device-identity", {}, self._line.device.device_identity)]


def _participants(sealed: Mapping[Jid, Ciphertext], out: _Outgoing) -> Node:
    media = "" if out.to.is_group else media_type(out.message)
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
