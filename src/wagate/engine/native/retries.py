"""Messages that could not be read: ours that a device asks for again, and others' that we ask for again."""

import asyncio

from google.protobuf.message import DecodeError

from wagate.core.ids import SessionId
from wagate.core.logging import get_logger
from wagate.engine.native import prekeys, sending
from wagate.engine.native.cipher import Cipher
from wagate.engine.native.contents import distribution, enc, media_type, own_copy, stanza_type
from wagate.engine.native.directory import Directory, read_bundle
from wagate.engine.native.line import Line
from wagate.engine.native.lru import Lru
from wagate.engine.port import SentMessage
from wagate.wire.jid import Jid
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.signal import BadBundle

_log = get_logger("engine.native")

#: So many times a device is given a message that it can't read, and asked for one that we can't (WhatsApp Web).
MAX_RETRIES = 5
#: Messages whose retries are counted, of each link and direction.
_COUNTED = 256


class Retries:
    """Both directions for one link."""

    def __init__(
        self, session: SessionId, line: Line, directory: Directory, cipher: Cipher, sent_message: SentMessage | None
    ) -> None:
        self._session = session
        self._line = line
        self._directory = directory
        self._cipher = cipher
        self._sent_message = sent_message
        self._under_way: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._given: Lru[tuple[str, str], int] = Lru(_COUNTED)
        self._asked: Lru[tuple[str, str], int] = Lru(_COUNTED)

    # -- others' messages

    def ask_again(self, stanza: Node, *, with_keys: bool) -> None:
        """Have a message sent again once what is recorded now is stored, and say that it has come as it is. With our
        keys the sender can begin a new session at once.
        """
        sender, message_id = stanza.get("participant") or stanza.get("from"), stanza.get("id")
        count = (self._asked.get((sender, message_id)) or 0) + 1
        if count <= MAX_RETRIES:
            self._asked.put((sender, message_id), count)
            registration = self._line.device.registration_id.to_bytes(4, "big")
            retry = {"count": str(count), "id": message_id, "t": stanza.get("t"), "v": "1", "error": "0"}
            content = [Node("retry", retry), Node("registration", {}, registration)]
            if with_keys or count > 1:
                content += prekeys.bundle_for_retry(self._line)
            attrs: dict[str, Attr] = {"id": message_id, "to": stanza.attrs["from"], "type": "retry"}
            attrs |= {name: stanza.attrs[name] for name in ("participant", "recipient") if name in stanza.attrs}
            self._line.post(Node("receipt", attrs, content))
        self._line.acknowledge(stanza)

    # -- our messages

    def acknowledged(self, ack: Node) -> bool:
        """Take the server's answer to a message that was sent again; whether it is one."""
        answer = self._under_way.get((ack.get("from"), ack.get("id")))
        if answer is None:
            return False
        if not answer.done():
            answer.set_result(None)
        return True

    async def send_again(self, receipt: Node) -> None:
        """A device could not read a message of ours: begin a new session, send it again under its id, and return when
        the server has it.

        :raises TimeoutError: if the server does not say so.
        """
        reader = receipt.jid("participant") or receipt.jid("from")
        chat = receipt.jid("from")
        message_id = receipt.get("id")
        if reader is None or chat is None or self._sent_message is None:
            return
        times = (self._given.get((str(reader), message_id)) or 0) + 1
        if times > MAX_RETRIES:
            _log.warning("a device can't read a message of ours", times=MAX_RETRIES)
            return
        self._given.put((str(reader), message_id), times)
        stored = await self._sent_message(self._session, message_id)
        if stored is None:
            _log.info("a message is asked for again and not kept any more")
            return
        try:
            message = wa.Message.FromString(stored)
            await self._renew(reader, receipt)
        except (DecodeError, BadBundle) as error:
            _log.warning("a message can't be sent again", reason=str(error))
            return
        stanza = await self._again(receipt, reader, chat, message, message_id)
        if stanza is None:
            _log.warning("a message can't be sent again", reason="no session with the device")
            return
        key = (stanza.get("to"), message_id)
        while key in self._under_way:
            # Several members of a group ask for one message, and the answers to all of them look the same.
            await asyncio.wait((self._under_way[key],))
        answer = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            self._line.post(stanza)
            async with asyncio.timeout(sending.ACK_SECONDS):
                await answer
        finally:
            self._under_way.pop(key, None)

    async def _renew(self, reader: Jid, receipt: Node) -> None:
        keys = receipt.child("keys")
        bundle = None
        if keys is not None:
            registration = receipt.child("registration")
            parts = [*keys.children, *([registration] if registration is not None else [])]
            bundle = read_bundle(Node("keys", {}, parts))
        if bundle is None:
            name = await self._directory.canonical(reader)
            bundle = (await self._directory.bundles([name])).get(name)
        if bundle is not None:
            await self._cipher.renew(reader, bundle)

    async def _again(self, receipt: Node, reader: Jid, chat: Jid, message: wa.Message, message_id: str) -> Node | None:
        retry = receipt.child("retry")
        attrs: dict[str, Attr] = {"id": message_id, "type": stanza_type(message)}
        media = media_type(message)
        if chat.is_group:
            # Told anew and in the same ciphertext: what was missing may have been the chain.
            told = await self._cipher.own_distribution(chat)
            if told is not None:
                whole = wa.Message()
                whole.CopyFrom(message)
                whole.MergeFrom(distribution(chat, told))
                message = whole
            attrs |= {"to": chat, "participant": reader, "addressing_mode": "lid" if reader.is_lid else "pn"}
        else:
            attrs |= {"to": reader, "device_fanout": "false"}
            where = receipt.jid("recipient")
            if self._line.device.is_own(reader) and where is not None:
                attrs["recipient"] = where
                message = own_copy(where.bare, message)
        names = await self._cipher.begin_sessions([reader])
        sealed = (await self._cipher.encrypt(names, lambda _: message.SerializeToString())).get(reader)
        if sealed is None:
            return None
        count = (retry.number("count") if retry is not None else None) or 1
        content = [enc(sealed.kind, sealed.body, media=media, count=count)]
        if sealed.kind == "pkmsg":
            content.append(Node("device-identity", {}, self._line.device.device_identity))
        return Node("message", attrs, content)
