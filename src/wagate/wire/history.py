"""History sync, read as a stream: a zlib stream of one ``HistorySync`` that may hold hundreds of megabytes.

The top level's fields are walked one after the other, and so are those of each ``Conversation``; what is built is one
message at a time. No field that is read may be longer than :data:`MAX_FIELD_BYTES`; what is not read is passed over,
however long it is. Nothing is believed of what it says: whoever calls has checked the file's MAC and hashes.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from google.protobuf.message import DecodeError

from wagate.wire.proto import wa_pb2 as wa

#: A message with its thumbnail and those that it quotes is well below; WhatsApp's texts end at 64 KiB.
MAX_FIELD_BYTES = 1024 * 1024
#: A year of a busy account is some 100 MB; a small file that unpacks to more than this was made to do harm.
MAX_BYTES = 2 * 1024 * 1024 * 1024

_PIECE = 64 * 1024
_MAX_NAME_BYTES = 1024

_HistorySync = wa.HistorySync.DESCRIPTOR.fields_by_name
_CONVERSATIONS = _HistorySync["conversations"].number
_MAPPINGS = _HistorySync["phoneNumberToLidMappings"].number
_Conversation = wa.Conversation.DESCRIPTOR.fields_by_name
_ID = _Conversation["id"].number
_MESSAGES = _Conversation["messages"].number
_PN = _Conversation["pnJid"].number
_LID = _Conversation["lidJid"].number


class HistoryBroken(ValueError):
    """It is no history: not a zlib stream, cut off, or not made of protobuf fields."""


class SameAccount(NamedTuple):
    """A phone number's address and a LID that belong to one account, as they are written."""

    pn: str
    lid: str


@dataclass(frozen=True, slots=True)
class OldMessage:
    """One message of a chat."""

    chat: str
    info: wa.WebMessageInfo


def inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The plain bytes in pieces of at most 64 KiB.

    :raises HistoryBroken: if it is not one whole zlib stream, or too long.
    """
    inflater = zlib.decompressobj()
    total = 0
    try:
        for chunk in chunks:
            while chunk and not inflater.eof:
                piece = inflater.decompress(chunk, _PIECE)
                chunk = inflater.unconsumed_tail
                total += len(piece)
                if total > MAX_BYTES:
                    raise HistoryBroken("the history is too long")
                if piece:
                    yield piece
    except zlib.error as error:
        raise HistoryBroken("not a zlib stream") from error
    if not inflater.eof:
        raise HistoryBroken("the zlib stream is cut off")


def accounts_in(pieces: Iterable[bytes]) -> Iterator[SameAccount]:
    """Which phone numbers and LIDs belong together, from the table of them and from what chats say of themselves.

    :raises HistoryBroken: where it can't be read on.
    """
    reader = _Reader(pieces)
    for number, end in reader.fields(None):
        if number == _MAPPINGS:
            mapping = wa.PhoneNumberToLIDMapping()
            _parse(mapping, reader.take_whole(end, _MAX_NAME_BYTES))
            if mapping.pnJid and mapping.lidJid:
                yield SameAccount(mapping.pnJid, mapping.lidJid)
        elif number == _CONVERSATIONS:
            names: dict[int, str] = {}
            for inner, inner_end in reader.fields(end):
                if inner in (_ID, _PN, _LID):
                    names[inner] = reader.take_whole(inner_end, _MAX_NAME_BYTES).decode("utf-8", "replace")
            chat = names.get(_ID, "")
            pn = names.get(_PN) or (chat if chat.endswith("@s.whatsapp.net") else "")
            lid = names.get(_LID) or (chat if chat.endswith("@lid") else "")
            if pn and lid:
                yield SameAccount(pn, lid)


def messages_in(pieces: Iterable[bytes]) -> Iterator[OldMessage | None]:
    """The messages of all chats; ``None`` stands for one that can't be read or is too long.

    :raises HistoryBroken: where it can't be read on.
    """
    reader = _Reader(pieces)
    for number, end in reader.fields(None):
        if number != _CONVERSATIONS:
            continue
        chat = ""
        for inner, inner_end in reader.fields(end):
            if inner == _ID:
                chat = reader.take_whole(inner_end, _MAX_NAME_BYTES).decode("utf-8", "replace")
            elif inner == _MESSAGES:
                yield _message(chat, reader.take_whole(inner_end, MAX_FIELD_BYTES))


def _message(chat: str, body: bytes) -> OldMessage | None:
    message = wa.HistorySyncMsg()
    try:
        message.ParseFromString(body)
    except DecodeError:
        return None
    if not message.HasField("message"):
        return None
    return OldMessage(chat or message.message.key.remoteJid, message.message)


def _parse(message: wa.PhoneNumberToLIDMapping, body: bytes) -> None:
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise HistoryBroken("a mapping can't be read") from error


class _Reader:
    """Protobuf fields over a stream of pieces, of which it holds one and what a field needs."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = b""
        self._at = 0
        #: Bytes before the present piece.
        self._before = 0

    @property
    def offset(self) -> int:
        return self._before + self._at

    def fields(self, end: int | None) -> Iterator[tuple[int, int]]:
        """The number of each length-delimited field up to ``end`` and where it ends; what is not taken of it until the
        next is asked for is passed over.
        """
        while self._more() if end is None else self.offset < end:
            tag = self._varint()
            match tag & 7:
                case 0:
                    self._varint()
                case 1:
                    self._skip(8)
                case 2:
                    length = self._varint()
                    stop = self.offset + length
                    if end is not None and stop > end:
                        raise HistoryBroken("a field is longer than what it is in")
                    yield tag >> 3, stop
                    if self.offset > stop:
                        raise HistoryBroken("a field is shorter than what is in it")
                    self._skip(stop - self.offset)
                case 5:
                    self._skip(4)
                case _:
                    raise HistoryBroken("not a protobuf field")
        if end is not None and self.offset != end:
            raise HistoryBroken("a field is shorter than what is in it")

    def take_whole(self, end: int, most: int) -> bytes:
        """What is left up to ``end``; nothing of it if that is more than ``most`` bytes."""
        length = end - self.offset
        if length > most:
            return b""
        taken = bytearray()
        while length > len(taken):
            if not self._more():
                raise HistoryBroken("the history is cut off")
            part = self._piece[self._at : self._at + length - len(taken)]
            taken += part
            self._at += len(part)
        return bytes(taken)

    def _more(self) -> bool:
        """Whether there is a byte left."""
        while self._at >= len(self._piece):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._before += len(self._piece)
            self._piece, self._at = piece, 0
        return True

    def _varint(self) -> int:
        value = shift = 0
        while True:
            if shift > 63 or not self._more():
                raise HistoryBroken("a number is cut off or too long")
            byte = self._piece[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def _skip(self, count: int) -> None:
        while count:
            if not self._more():
                raise HistoryBroken("the history is cut off")
            step = min(count, len(self._piece) - self._at)
            self._at += step
            count -= step
