"""A notice of history, and what becomes of the chunk that it announces."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from google.protobuf.message import DecodeError

from wagate.core.ids import AccountId, SessionId
from wagate.media.model import RemoteFile
from wagate.wire.jid import Jid
from wagate.wire.media import MediaKind
from wagate.wire.proto import wa_pb2 as wa

#: What holds no chat: nothing of it is read.
_WITHOUT_CHATS: Final = frozenset({"NO_HISTORY", "MESSAGE_ACCESS_STATUS"})


class ChunkState(StrEnum):
    PENDING = "pending"
    DONE = "done"
    #: Set aside: it was tried as often as the rule says.
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a phone says of one chunk. ``sync_type`` is WhatsApp's name of its kind, ``progress`` how much of all chunks
    has been given with it, in percent. Either ``inline`` has the chunk or ``remote`` says where it is.
    """

    sync_type: str
    order: int
    progress: int
    inline: bytes = field(repr=False)
    remote: RemoteFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A notice that was taken, and the session that it is for. ``jid`` and ``lid`` are the session's own addresses."""

    account: AccountId
    session: SessionId
    wa_id: str
    jid: Jid
    lid: Jid | None
    notice: Notice
    attempts: int


def notice_of(plaintext: bytes) -> Notice | None:
    """The notice in a serialised ``Message``; ``None`` if it is none, or of a chunk without chats."""
    try:
        message = wa.Message.FromString(plaintext)
    except DecodeError:
        return None
    if not message.protocolMessage.HasField("historySyncNotification"):
        return None
    told = message.protocolMessage.historySyncNotification
    kind = wa.Message.HistorySyncType.Name(told.syncType) if told.syncType in _KINDS else str(int(told.syncType))
    if kind in _WITHOUT_CHATS:
        return None
    remote = None
    if told.directPath and told.mediaKey:
        remote = RemoteFile(
            kind=MediaKind.HISTORY,
            direct_path=told.directPath,
            media_key=told.mediaKey,
            sha256=told.fileSha256,
            enc_sha256=told.fileEncSha256,
            size=told.fileLength,
            mimetype="",
        )
    inline = told.initialHistBootstrapInlinePayload
    if not inline and remote is None:
        return None
    return Notice(
        sync_type=kind,
        order=told.chunkOrder,
        progress=told.progress,
        inline=inline,
        remote=None if inline else remote,
    )


_KINDS: Final = frozenset(wa.Message.HistorySyncType.values())
