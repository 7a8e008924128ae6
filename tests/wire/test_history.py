"""History is read as a stream: whatever the pieces, the same comes out, and nothing of it is held."""

import tracemalloc
import zlib
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagate.wire.history import (
    MAX_FIELD_BYTES,
    HistoryBroken,
    SameAccount,
    accounts_in,
    inflated,
    messages_in,
)
from wagate.wire.media import MediaBroken, MediaKind, StreamCheck, decrypted, encrypt
from wagate.wire.proto import wa_pb2 as wa


def history(chats: int = 3, messages: int = 5, text: str = "hello") -> wa.HistorySync:
    made = wa.HistorySync(syncType=wa.HistorySync.HistorySyncType.RECENT, chunkOrder=1, progress=50)
    for chat in range(chats):
        conversation = made.conversations.add(id=f"{chat}@lid", name="Ada", unreadCount=3)
        for number in range(messages):
            info = conversation.messages.add(msgOrderId=number).message
            info.key.id, info.key.remoteJid, info.messageTimestamp = f"{chat}.{number}", f"{chat}@lid", 1_700_000_000
            info.message.conversation = f"{text} {number}"
        conversation.pnJid = f"49{chat}@s.whatsapp.net"
    made.pushnames.add(id="1@s.whatsapp.net", pushname="Ada")
    made.phoneNumberToLidMappings.add(pnJid="497@s.whatsapp.net", lidJid="7@lid")
    return made


def cut(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def ids(pieces: Iterable[bytes]) -> list[tuple[str, str]]:
    return [(m.chat, m.info.key.id) if m is not None else ("", "") for m in messages_in(pieces)]


WANTED = [(f"{chat}@lid", f"{chat}.{number}") for chat in range(3) for number in range(5)]


@given(st.integers(1, 700), st.integers(1, 700))
@settings(max_examples=40, deadline=None)
def test_messages_and_accounts_come_out_whatever_the_pieces(packed: int, plain: int) -> None:
    body = history().SerializeToString()
    assert ids(inflated(cut(zlib.compress(body), packed))) == WANTED
    assert ids(cut(body, plain)) == WANTED
    assert list(accounts_in(cut(body, plain))) == [
        *(SameAccount(f"49{chat}@s.whatsapp.net", f"{chat}@lid") for chat in range(3)),
        SameAccount("497@s.whatsapp.net", "7@lid"),
    ]


def test_a_message_that_is_too_long_is_passed_over_and_those_behind_it_are_read() -> None:
    made = history()
    made.conversations[0].messages[1].message.message.conversation = "x" * MAX_FIELD_BYTES
    found = ids(cut(made.SerializeToString(), 10_000))
    assert found == [WANTED[0], ("", ""), *WANTED[2:]]


@given(st.integers(1, 2000))
@settings(max_examples=60, deadline=None)
def test_a_history_that_is_cut_off_is_not_taken_for_whole(at: int) -> None:
    packed = zlib.compress(history(messages=40).SerializeToString())
    with pytest.raises(HistoryBroken):
        list(messages_in(inflated([packed[: at % len(packed)]])))


@given(st.binary(max_size=300))
def test_noise_ends_in_an_error_or_in_nothing(noise: bytes) -> None:
    try:
        list(messages_in([noise]))
        list(accounts_in([noise]))
    except HistoryBroken:
        pass


def test_20_megabytes_are_read_in_little_memory() -> None:
    """The figure that the goal sets for a link is 15 MB, and that is not all there is to a link."""
    packed = zlib.compress(history(chats=40, messages=1000, text="word " * 100).SerializeToString())
    tracemalloc.start()
    read = sum(1 for _ in messages_in(inflated(cut(packed, 65536))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == 40_000
    assert peak < 1_000_000


@given(st.binary(max_size=400), st.integers(1, 50))
@settings(max_examples=60, deadline=None)
def test_an_encrypted_file_is_checked_and_decrypted_in_pieces(plain: bytes, size: int) -> None:
    file = encrypt(plain, MediaKind.HISTORY)
    check = StreamCheck(MediaKind.HISTORY, file.media_key, file.file_enc_sha256)
    for piece in cut(file.body, size):
        check.update(piece)
    check.finish()
    assert b"".join(decrypted(cut(file.body, size), MediaKind.HISTORY, file.media_key, file.file_sha256)) == plain


@pytest.mark.parametrize("hashed", [True, False])
@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_file_with_one_bit_changed_is_noticed(place: int, hashed: bool) -> None:
    file = encrypt(b"x" * 100, MediaKind.HISTORY)
    body = bytearray(file.body)
    body[place] ^= 1
    check = StreamCheck(MediaKind.HISTORY, file.media_key, file.file_enc_sha256 if hashed else b"")
    check.update(bytes(body))
    with pytest.raises(MediaBroken):
        check.finish()


def test_a_plain_file_of_another_hash_is_noticed_at_its_end() -> None:
    file = encrypt(b"x" * 100, MediaKind.HISTORY)
    with pytest.raises(MediaBroken):
        list(decrypted([file.body], MediaKind.HISTORY, file.media_key, bytes(32)))
