"""Files by key: in a folder, in a bucket of an S3-compatible store, or in memory for tests. A key is a path such as
``media/med_01…``.

A blob is there whole or not at all, and it is durable when :meth:`Blobs.put` returns, so that a row may refer to it.
Content types and names live in the database beside the key.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from wagate.core.errors import NotFound
from wagate.storage.bucket import BucketPlace, Reach, open_bucket
from wagate.storage.errors import StorageUnavailable

_KEY = re.compile(r"[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*\Z")


class BlobMissing(NotFound):
    """The stored file is gone."""

    code = "blob_missing"


class Blobs:
    """A place for files."""

    #: Read at once: large enough that a file of 100 MB takes few turns of the loop, small enough to hold many at once.
    _chunk_bytes = 256 * 1024
    #: Written at once.
    _part_bytes = 1024 * 1024

    def __init__(self, store: LocalStore | MemoryStore | S3Store) -> None:
        self._store = store

    @classmethod
    def in_folder(cls, folder: Path) -> "Blobs":
        """Keep blobs as files under ``folder``, which is made if missing."""
        return _InFolder(folder)

    @classmethod
    def in_bucket(cls, place: BucketPlace) -> "Blobs":
        """Keep blobs in a bucket, which must exist but need not be reachable yet.

        :raises StartupError: if the place can't be one.
        """
        return _InBucket(place)

    @classmethod
    def in_memory(cls) -> Self:
        return cls(MemoryStore())

    async def ready(self) -> None:
        """Return at once, unless something failed lately: then have a look.

        :raises StorageUnavailable: if the store is away; before two seconds are over.
        """

    async def check(self) -> None:
        """Have a look.

        :raises StorageUnavailable: if the store is away.
        """

    async def put(self, key: str, content: bytes | AsyncIterator[bytes]) -> int:
        """Store ``content`` under ``key``, in place of what was there, and return its size in bytes.

        :raises StorageUnavailable: if it can't be stored; what was there before is still there.
        :raises Exception: whatever the iterator raised; likewise.
        """
        _check(key)
        await self.ready()
        if isinstance(content, bytes):
            await self._put(key, content)
            return len(content)
        counted = _Counted(content)
        try:
            await self._put(key, counted)
        except Exception:
            # The store reports a failed source as its own failure; the caller is owed the source's.
            if counted.error is not None:
                raise counted.error from None
            raise
        return counted.size

    async def get(self, key: str, start: int | None = None, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` up to but not including ``end``, in pieces.

        :raises BlobMissing: if there is no such blob.
        :raises StorageUnavailable: if it can't be read.
        """
        size = await self.size(key)
        first = min(start or 0, size)
        last = size if end is None else min(end, size)
        while first < last:
            piece = min(first + self._chunk_bytes, last)
            yield await self._get_range(key, first, piece)
            first = piece

    async def size(self, key: str) -> int:
        """The size in bytes.

        :raises BlobMissing: if there is no such blob.
        :raises StorageUnavailable: if that can't be told.
        """
        _check(key)
        await self.ready()
        try:
            return (await obstore.head_async(self._store, key))["size"]
        except FileNotFoundError:
            await self._doubt_missing()
            raise BlobMissing from None
        except (BaseError, OSError) as error:
            raise self._failed("a stored file cannot be read") from error

    async def delete(self, key: str) -> None:
        """Remove the blob, if there is one.

        :raises StorageUnavailable: if it may still be there.
        """
        _check(key)
        await self.ready()
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise self._failed("a stored file cannot be deleted") from error

    async def listed(self, prefix: str = "") -> AsyncIterator[str]:
        """The keys of all blobs, in no order; ``prefix`` is a path of whole names.

        :raises StorageUnavailable: if they can't be listed.
        """
        await self.ready()
        try:
            async for batch in obstore.list(self._store, prefix or None):
                for item in batch:
                    yield item["path"]
        except (BaseError, OSError) as error:
            raise self._failed("the stored files cannot be listed") from error

    async def _get_range(self, key: str, start: int, end: int) -> bytes:
        try:
            content = bytes(await obstore.get_range_async(self._store, key, start=start, end=end))
        except FileNotFoundError:
            await self._doubt_missing()
            raise BlobMissing from None
        except (BaseError, OSError) as error:
            raise self._failed("a stored file cannot be read") from error
        if len(content) != end - start:
            raise self._failed("a stored file came cut off")
        return content

    async def _put(self, key: str, content: "bytes | _Counted") -> None:
        try:
            await obstore.put_async(self._store, key, content, chunk_size=self._part_bytes, max_concurrency=2)
        except (BaseError, OSError) as error:
            raise self._failed("a file cannot be stored") from error

    async def _doubt_missing(self) -> None:
        """:raises StorageUnavailable: if a blob may be there, although the store knows nothing of it."""

    def _failed(self, detail: str) -> StorageUnavailable:
        return StorageUnavailable(detail)


class _InFolder(Blobs):
    def __init__(self, folder: Path) -> None:
        super().__init__(LocalStore(folder, automatic_cleanup=True, mkdir=True))
        self._folder = folder

    async def _put(self, key: str, content: "bytes | _Counted") -> None:
        await super()._put(key, content)
        try:
            await asyncio.to_thread(_make_durable, self._folder, key)
        except OSError as error:
            raise self._failed("a file cannot be stored") from error


class _InBucket(Blobs):
    #: Each piece is a request of its own, since one that waits for a slow reader would run into its time limit.
    _chunk_bytes = 2 * 1024 * 1024
    #: S3 takes no smaller parts.
    _part_bytes = 5 * 1024 * 1024

    def __init__(self, place: BucketPlace) -> None:
        super().__init__(open_bucket(place))
        self._reach = Reach(place)

    async def ready(self) -> None:
        await self._reach.ready()

    async def check(self) -> None:
        await self._reach.check()

    async def _put(self, key: str, content: "bytes | _Counted") -> None:
        if isinstance(content, _Counted):
            # Most files fit into one request; in parts they would take three.
            head = await content.head(self._part_bytes)
            if content.ended:
                content = head
        await super()._put(key, content)

    async def _doubt_missing(self) -> None:
        # An answer to HEAD has no body, so a missing bucket looks like a missing blob.
        await self._reach.check()

    def _failed(self, detail: str) -> StorageUnavailable:
        self._reach.suspect()
        return super()._failed(detail)


class _Counted:
    """Passes an iterator on, counting, and keeps the error that it ended with."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._ahead: list[bytes] = []
        self.size = 0
        self.ended = False
        self.error: Exception | None = None

    def __aiter__(self) -> "_Counted":
        return self

    async def head(self, size: int) -> bytes:
        """The first ``size`` bytes or a little more, or all there are (:attr:`ended`); they come again."""
        while self.size <= size and not self.ended:
            try:
                self._ahead.append(await self._next())
            except StopAsyncIteration:
                break
        return b"".join(self._ahead)

    async def __anext__(self) -> bytes:
        return self._ahead.pop(0) if self._ahead else await self._next()

    async def _next(self) -> bytes:
        try:
            piece = await anext(self._source)
        except StopAsyncIteration:
            self.ended = True
            raise
        except Exception as error:
            self.error = error
            raise
        self.size += len(piece)
        return piece


def _check(key: str) -> None:
    if not _KEY.match(key):
        raise ValueError(f"not a blob key: {key[:80]!r}")


def _make_durable(folder: Path, key: str) -> None:
    # The store renames a finished file into place but leaves both the file and its name to the page cache.
    path = folder / key
    _sync(path)
    while path != folder:
        path = path.parent
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
