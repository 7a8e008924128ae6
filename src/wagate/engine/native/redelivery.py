"""A message of ours once more, to one device alone and under its id, until the server has it."""

import asyncio

from wagate.engine.native.cipher import Cipher
from wagate.engine.native.contents import distribution, edit_attribute, enc, media_type, own_copy, stanza_type
from wagate.engine.native.line import Line
from wagate.wire.jid import Jid
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa

#: As whatsmeow waits for an acknowledgement.
ACK_SECONDS = 75.0


class Redelivery:
    """For one link."""

    def __init__(self, line: Line, cipher: Cipher) -> None:
        self._line = line
        self._cipher = cipher
        self._under_way: dict[tuple[str, str], asyncio.Future[None]] = {}

    def acknowledged(self, ack: Node) -> bool:
        """Take the server's answer to a message that was sent again; whether it is one."""
        answer = self._under_way.get((ack.get("from"), ack.get("id")))
        if answer is None:
            return False
        if not answer.done():
            answer.set_result(None)
        return True

    async def give(
        self, device: Jid, chat: Jid | None, message: wa.Message, message_id: str, *, count: int = 0
    ) -> bool:
        """Send ``message``, which is in ``chat`` (``None``: between devices of ours), to a device that lacks it;
        ``count`` is how often the device has asked. Returns when the server has it; false if there is no session
        with the device.

        :raises TimeoutError: if the server does not say so.
        :raises QueryFailed: if the server does not answer what has to be asked.
        """
        stanza = await self._stanza(device, chat, message, message_id, count)
        if stanza is None:
            return False
        key = (stanza.get("to"), message_id)
        while key in self._under_way:
            # Several members of a group get one message, and the answers to all of them look the same.
            await asyncio.wait((self._under_way[key],))
        answer = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            self._line.post(stanza)
            async with asyncio.timeout(ACK_SECONDS):
                await answer
        finally:
            self._under_way.pop(key, None)
        return True

    async def _stanza(
        self, device: Jid, chat: Jid | None, message: wa.Message, message_id: str, count: int
    ) -> Node | None:
        attrs: dict[str, Attr] = {"id": message_id, "type": stanza_type(message)}
        if edit := edit_attribute(message):
            attrs["edit"] = edit
        media = media_type(message)
        if chat is not None and (chat.is_group or chat.is_status):
            # Told anew and in the same ciphertext: what was missing may have been the chain.
            told = await self._cipher.own_distribution(chat)
            if told is not None:
                whole = wa.Message()
                whole.CopyFrom(message)
                whole.MergeFrom(distribution(chat, told))
                message = whole
            attrs |= {"to": chat, "participant": device}
            if chat.is_group:
                attrs["addressing_mode"] = "lid" if device.is_lid else "pn"
        else:
            attrs |= {"to": device, "device_fanout": "false"}
            if self._line.device.is_own(device) and chat is not None:
                attrs["recipient"] = chat
                message = own_copy(chat.bare, message)
        names = await self._cipher.begin_sessions([device])
        sealed = (await self._cipher.encrypt(names, lambda _: message.SerializeToString())).get(device)
        if sealed is None:
            return None
        content = [enc(sealed.kind, sealed.body, media=media, count=count)]
        if sealed.kind == "pkmsg":
            content.append(Node("device-identity", {}, self._line.device.device_identity))
        return Node("message", attrs, content)
