"""The chats that a phone had before a device was linked, as it hands them over: in chunks, the newest first, in the
notice itself if a chunk is small and by way of the media host if not.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from wagate.core.ids import Entropy
from wagate.sandbox.media import MediaShelf
from wagate.wire.jid import Jid
from wagate.wire.media import MediaKind, encrypt
from wagate.wire.proto import wa_pb2 as wa

_PROTOCOL = wa.Message.ProtocolMessage
_Kind = wa.HistorySync.HistorySyncType
#: A notice names the kinds by an enumeration of its own.
_NOTICE_KINDS = {
    _Kind.INITIAL_BOOTSTRAP: wa.Message.HistorySyncType.INITIAL_BOOTSTRAP,
    _Kind.RECENT: wa.Message.HistorySyncType.RECENT,
    _Kind.PUSH_NAME: wa.Message.HistorySyncType.PUSH_NAME,
}
#: Of each chat, so many messages come with the first chunk.
NEWEST = 20
#: Messages of one later chunk.
PER_CHUNK = 5_000
#: A packed chunk that is larger goes to the media host.
INLINE_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class OldText:
    """One text in a chat. ``author`` is ``None`` for the phone's owner; ``at`` is in seconds since 1970."""

    wa_id: str
    text: str
    at: int
    author: Jid | None
    status: wa.WebMessageInfo.Status = wa.WebMessageInfo.Status.READ


@dataclass(slots=True)
class PhoneHistory:
    """The old chats of one phone, by their JID, each with its oldest text first."""

    chats: dict[Jid, list[OldText]] = field(default_factory=dict)
    #: Spoil so many of the files that come next, after they were announced.
    spoil_next: int = 0

    def invent(self, chats: Sequence[Jid], count: int, *, start: int, text: str = "old", pad: int = 0) -> None:
        """Give each chat ``count`` texts a minute apart from ``start`` on, every other one by the owner. The same
        arguments give the same texts and ids; ``pad`` makes each longer by so many bytes.
        """
        for number, chat in enumerate(chats):
            self.chats[chat] = [
                OldText(
                    wa_id=hashlib.sha256(f"{chat}/{text}/{place}".encode()).hexdigest()[:32].upper(),
                    text=f"{text} {place}" + _padding(f"{chat}/{place}", pad),
                    at=start + 60 * place + number,
                    author=chat if place % 2 == 0 else None,
                )
                for place in range(count)
            ]

    def notices(
        self, own: Jid, names: Sequence[tuple[Jid, Jid, str]], shelf: MediaShelf, entropy: Entropy
    ) -> Iterator[wa.Message]:
        """The peer messages that end a new device's wait for chats. ``names`` are the number, LID and name of
        everybody whom the phone knows.
        """
        lid_of = {number.bare: lid.bare for number, lid, _ in names}
        chunks = list(self._chunks(own, lid_of))
        first = _sync(_Kind.INITIAL_BOOTSTRAP, 0, chunks[0], own, lid_of)
        for number, lid, name in names:
            if number == own:
                first.pushnames.add(id=str(own.bare), pushname=name)
            first.phoneNumberToLidMappings.add(pnJid=str(number.bare), lidJid=str(lid.bare))
        yield self._notice(first, len(chunks) == 1, shelf, entropy)
        if len(chunks) == 1:
            return
        called = wa.HistorySync(syncType=_Kind.PUSH_NAME, chunkOrder=0, progress=100)
        for number, _, name in names:
            called.pushnames.add(id=str(number.bare), pushname=name)
        yield self._notice(called, False, shelf, entropy)
        for order, chunk in enumerate(chunks[1:], start=1):
            yield self._notice(_sync(_Kind.RECENT, order, chunk, own, lid_of), order == len(chunks) - 1, shelf, entropy)

    def _chunks(self, own: Jid, lid_of: dict[Jid, Jid]) -> Iterator[list[tuple[Jid, list[OldText]]]]:
        yield [(chat, texts[-NEWEST:]) for chat, texts in self.chats.items()]
        rest = ((chat, text) for chat, texts in self.chats.items() for text in reversed(texts[:-NEWEST]))
        while part := list(islice(rest, PER_CHUNK)):
            by_chat: dict[Jid, list[OldText]] = {}
            for chat, text in reversed(part):
                by_chat.setdefault(chat, []).append(text)
            yield list(by_chat.items())

    def _notice(self, history: wa.HistorySync, last: bool, shelf: MediaShelf, entropy: Entropy) -> wa.Message:
        packed = zlib.compress(history.SerializeToString())
        message = wa.Message()
        message.protocolMessage.type = _PROTOCOL.HISTORY_SYNC_NOTIFICATION
        notice = message.protocolMessage.historySyncNotification
        notice.syncType = _NOTICE_KINDS[history.syncType]
        notice.chunkOrder = history.chunkOrder
        notice.progress = 100 if last else 50
        if len(packed) <= INLINE_BYTES:
            notice.initialHistBootstrapInlinePayload = packed
            return message
        stored = encrypt(packed, MediaKind.HISTORY, entropy=entropy)
        body = stored.body
        if self.spoil_next > 0:
            self.spoil_next -= 1
            body = body[:100] + bytes((body[100] ^ 1,)) + body[101:]
        notice.directPath = shelf.put(MediaKind.HISTORY.value, body).direct_path
        notice.mediaKey = stored.media_key
        notice.fileSha256 = stored.file_sha256
        notice.fileEncSha256 = stored.file_enc_sha256
        notice.fileLength = stored.file_length
        return message


def _sync(
    kind: wa.HistorySync.HistorySyncType,
    order: int,
    chunk: Iterable[tuple[Jid, list[OldText]]],
    own: Jid,
    lid_of: dict[Jid, Jid],
) -> wa.HistorySync:
    history = wa.HistorySync(syncType=kind, chunkOrder=order, progress=50)
    for chat, texts in chunk:
        # People's chats go by their LIDs, as on phones that have moved to them.
        name = lid_of.get(chat, chat)
        conversation = history.conversations.add(id=str(name), unreadCount=0)
        for place, old in reversed(list(enumerate(texts))):
            made = conversation.messages.add(msgOrderId=place + 1)
            info = made.message
            info.key.remoteJid, info.key.id, info.key.fromMe = str(name), old.wa_id, old.author is None
            info.message.conversation = old.text
            info.messageTimestamp = old.at
            if old.author is None:
                info.status = old.status
            elif chat.is_group:
                info.key.participant = str(lid_of.get(old.author, old.author))
        if name != chat:
            conversation.pnJid, conversation.lidJid = str(chat), str(name)
    return history


def _padding(seed: str, length: int) -> str:
    """Text that does not pack well, the same for the same seed."""
    out = ""
    while len(out) < length:
        out += hashlib.sha256(f"{seed}/{len(out)}".encode()).hexdigest()
    return " " + out[:length] if length else ""
