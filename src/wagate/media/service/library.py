"""Files of an account: taken in as a stream, kept as a blob and a row, given out again."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import unquote, urlsplit

from wagate.core.clock import Clock
from wagate.core.errors import TooLarge
from wagate.core.ids import AccountId, Entropy, MediaId
from wagate.core.logging import get_logger
from wagate.media import picture, store
from wagate.media.errors import (
    EmptyFile,
    FileTooLarge,
    MediaLost,
    MediaNotFound,
    MediaPending,
    MediaUrlFailed,
    NotAPicture,
)
from wagate.media.model import Media, MediaState, Picture
from wagate.media.sniff import HEAD_BYTES, UNKNOWN, sniff
from wagate.storage.blobs import Blobs
from wagate.storage.database import Database
from wagate.storage.errors import StorageUnavailable
from wagate.web.egress import Egress, EgressFailed
from wagate.web.principal import Principal

#: How long a customer's server may take to hand out a file; who sends by URL waits for it.
URL_SECONDS: Final = 60.0

_log = get_logger("media.library")

_MAX_NAME: Final = 255
_UNSAFE_IN_NAME: Final = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffd]+")


class Library:
    """Takes files in and gives them out. ``max_bytes`` is the largest it takes."""

    def __init__(
        self,
        *,
        db: Database,
        blobs: Blobs,
        egress: Egress,
        clock: Clock,
        max_bytes: int,
        entropy: Entropy = os.urandom,
    ) -> None:
        self.max_bytes = max_bytes
        self._db = db
        self._blobs = blobs
        self._egress = egress
        self._clock = clock
        self._entropy = entropy
        # Decoding a picture may take hundreds of megabytes and a whole core.
        self._looking = asyncio.Semaphore(1)

    async def take(
        self,
        account: AccountId,
        chunks: AsyncIterator[bytes],
        *,
        mimetype: str | None = None,
        filename: str | None = None,
    ) -> Media:
        """Keep a file. ``mimetype`` is believed where the first bytes do not say otherwise.

        :raises FileTooLarge: beyond the limit; nothing is kept. :raises EmptyFile: if there are no bytes.
        :raises StorageUnavailable: if it can't be kept for now.
        """
        now = self._clock.now()
        identifier = MediaId.new(now, self._entropy)
        intake = _Intake(chunks, self.max_bytes)
        blob = _blob_of(account, identifier)
        size = await self._blobs.put(blob, intake.pass_on())
        try:
            if size == 0:
                raise EmptyFile
            name = safe_name(filename)
            kept = Media(
                id=identifier,
                account_id=account,
                mimetype=sniff(bytes(intake.head), mimetype, name),
                size=size,
                sha256=intake.digest.hexdigest(),
                filename=name,
                state=MediaState.READY,
                created_at=now,
            )
            await self._db.write(lambda tx: store.insert(tx, kept))
        except Exception:
            await self._drop(blob)
            raise
        return kept

    async def take_bytes(
        self, account: AccountId, content: bytes, *, mimetype: str | None = None, filename: str | None = None
    ) -> Media:
        """As :meth:`take`, of a file in memory."""
        return await self.take(account, _once(content), mimetype=mimetype, filename=filename)

    async def take_url(
        self, account: AccountId, url: str, *, mimetype: str | None = None, filename: str | None = None
    ) -> Media:
        """Fetch a file from a customer's URL, through the guard that keeps it from reaching inwards.

        :raises EgressRefused: if the gateway may not connect there.
        :raises MediaUrlFailed: if there was no file. :raises FileTooLarge: beyond the limit.
        """
        try:
            async with self._egress.get_stream(url, self.max_bytes, URL_SECONDS) as stream:
                return await self.take(
                    account,
                    stream.chunks,
                    mimetype=mimetype or stream.content_type or None,
                    filename=filename or _name_in(stream.url),
                )
        except EgressFailed as error:
            raise MediaUrlFailed(f"The file could not be fetched from its URL: {error.detail}") from error
        except TooLarge as error:
            raise FileTooLarge(f"the file is larger than {self.max_bytes} bytes") from error

    async def find(self, principal: Principal, identifier: str) -> Media:
        """:raises MediaNotFound: also if it is out of the principal's reach."""
        try:
            parsed = MediaId.parse(identifier)
        except ValueError:
            raise MediaNotFound from None
        found = await self._db.read(lambda tx: store.find(tx, principal.account_id, parsed))
        if found is None or (found.session_id is not None and not principal.may_see(found.session_id)):
            raise MediaNotFound
        return found

    async def find_own(self, account: AccountId, identifier: MediaId) -> Media | None:
        """A file of an account, whichever session it belongs to."""
        return await self._db.read(lambda tx: store.find(tx, account, identifier))

    async def ready(self, principal: Principal, identifier: str) -> Media:
        """A file whose bytes are here.

        :raises MediaNotFound: as :meth:`find`. :raises MediaPending: if it is still being fetched.
        :raises MediaLost: if it never came.
        """
        found = await self.find(principal, identifier)
        if found.state is MediaState.PENDING:
            raise MediaPending(retry_after=1)
        if found.state is MediaState.FAILED:
            raise MediaLost
        return found

    async def read(self, item: Media, start: int | None = None, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` up to but not including ``end``; the first of them are here on return.

        :raises BlobMissing: if they are gone. :raises StorageUnavailable: if they can't be read for now, also later.
        """
        pieces = self._blobs.get(item.blob, start, end)
        first = await anext(pieces, b"")
        return _all_of(first, pieces)

    async def content(self, item: Media) -> bytes:
        """The whole file in memory.

        :raises BlobMissing: if it is gone. :raises StorageUnavailable: if it can't be read for now.
        """
        return b"".join([chunk async for chunk in self._blobs.get(item.blob)])

    async def look_at(self, item: Media) -> Picture:
        """Size and thumbnail of a picture.

        :raises NotAPicture: if it is none. :raises PictureTooLarge: if it would take too much to decode.
        """
        if item.mimetype not in picture.TYPES:
            raise NotAPicture(f"a file of type {item.mimetype} is not a picture; send it as a document")
        async with self._looking:
            return await asyncio.to_thread(picture.look_at, await self.content(item))

    async def discard(self, item: Media) -> None:
        """Forget a file that nothing refers to."""
        await self._db.write(lambda tx: store.remove(tx, item))
        await self._drop(item.blob)

    async def _drop(self, blob: str) -> None:
        try:
            await self._blobs.delete(blob)
        except StorageUnavailable:
            # Without a row nobody will ever be given it; it only takes room.
            _log.warning("a file could not be deleted", blob=blob)


class _Intake:
    """Counts, hashes and remembers the beginning of what passes through."""

    def __init__(self, chunks: AsyncIterator[bytes], limit: int) -> None:
        self.head = bytearray()
        self.digest = hashlib.sha256()
        self._chunks = chunks
        self._limit = limit
        self._size = 0

    async def pass_on(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            self._size += len(chunk)
            if self._size > self._limit:
                raise FileTooLarge(f"the file is larger than {self._limit} bytes")
            if len(self.head) < HEAD_BYTES:
                self.head += chunk[: HEAD_BYTES - len(self.head)]
            self.digest.update(chunk)
            yield chunk


def safe_name(name: str | None) -> str | None:
    """A file's name without folders and without characters that hide or forge its ending."""
    if not name:
        return None
    last = re.split(r"[/\\]", name)[-1]
    cleaned = _UNSAFE_IN_NAME.sub("", last).strip().lstrip(".")
    if len(cleaned) > _MAX_NAME:
        stem, dot, ending = cleaned.rpartition(".")
        tail = f".{ending}" if dot and len(ending) <= 16 else ""
        cleaned = (stem if tail else cleaned)[: _MAX_NAME - len(tail)] + tail
    return cleaned or None


def _name_in(url: str) -> str | None:
    name = safe_name(unquote(urlsplit(url).path).rpartition("/")[2])
    return name if name and "." in name else None


def _blob_of(account: AccountId, identifier: MediaId) -> str:
    return f"media/{account}/{identifier}"


async def _all_of(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


__all__ = ["UNKNOWN", "Library", "safe_name"]
