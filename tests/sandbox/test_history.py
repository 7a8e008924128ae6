"""What a phone hands over of its old chats: all of it once, the newest first, the same each time."""

import os
import zlib

from wagate.sandbox.history import INLINE_BYTES, NEWEST, PER_CHUNK, PhoneHistory
from wagate.sandbox.media import MediaShelf
from wagate.wire.jid import LID, Jid
from wagate.wire.media import MediaKind, decrypt
from wagate.wire.proto import wa_pb2 as wa

OWN, ADA, BOB = Jid("491700000001"), Jid("491700000002"), Jid("491700000003")
NAMES = [(jid, Jid("9" + jid.user, LID), f"User {jid.user[-1]}") for jid in (OWN, ADA, BOB)]


def handed_over(history: PhoneHistory) -> list[wa.HistorySync]:
    shelf = MediaShelf(os.urandom)
    found = []
    for message in history.notices(OWN, NAMES, shelf, os.urandom):
        notice = message.protocolMessage.historySyncNotification
        packed = notice.initialHistBootstrapInlinePayload
        assert len(packed) <= INLINE_BYTES
        if not packed:
            body = shelf.get(notice.directPath)
            assert body is not None
            packed = decrypt(
                body,
                MediaKind.HISTORY,
                notice.mediaKey,
                file_sha256=notice.fileSha256,
                file_enc_sha256=notice.fileEncSha256,
            )
            assert len(packed) == notice.fileLength
        chunk = wa.HistorySync.FromString(zlib.decompress(packed))
        kinds = wa.HistorySync.HistorySyncType.Name(chunk.syncType), wa.Message.HistorySyncType.Name(notice.syncType)
        assert kinds[0] == kinds[1]
        found.append(chunk)
    return found


def ids(chunks: list[wa.HistorySync]) -> list[str]:
    return [m.message.key.id for chunk in chunks for chat in chunk.conversations for m in chat.messages]


def test_all_of_it_is_handed_over_once_in_chunks_the_newest_first() -> None:
    history = PhoneHistory()
    history.invent([ADA, BOB], PER_CHUNK, start=1_700_000_000)
    chunks = handed_over(history)
    assert [wa.HistorySync.HistorySyncType.Name(chunk.syncType) for chunk in chunks] == [
        "INITIAL_BOOTSTRAP",
        "PUSH_NAME",
        "RECENT",
        "RECENT",
    ]
    assert len(ids(chunks[:1])) == 2 * NEWEST
    assert len(ids(chunks)) == len(set(ids(chunks))) == 2 * PER_CHUNK
    newest = min(m.message.messageTimestamp for m in chunks[0].conversations[0].messages)
    later = [m.message.messageTimestamp for chunk in chunks[2:] for m in chunk.conversations[0].messages]
    assert max(later[: PER_CHUNK - NEWEST]) < newest
    assert len(chunks[0].phoneNumberToLidMappings) == 3


def test_the_same_chats_are_the_same_each_time() -> None:
    made = []
    for _ in range(2):
        history = PhoneHistory()
        history.invent([ADA], 30, start=1_700_000_000, pad=100)
        made.append([chunk.SerializeToString() for chunk in handed_over(history)])
    assert made[0] == made[1]


def test_a_phone_without_old_chats_still_ends_the_wait_for_them() -> None:
    (chunk,) = handed_over(PhoneHistory())
    assert len(chunk.conversations) == 0
    assert [name.pushname for name in chunk.pushnames] == ["User 1"]
