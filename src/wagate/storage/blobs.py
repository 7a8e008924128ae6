"""Files by key: in a folder, or in memory for tests. A key is a path such as ``media/med_01…``.

A blob is there whole or not at all, and in a folder it is on the disk when :meth:`Blobs.put` returns, so that a row may
refer to it. Content types and names live in the database beside the key.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore

from wagate.core.errors import NotFound
from wagate.storage.errors import StorageUnavailable

_KEY = re.compile(r"[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*\Z")
#: Large enough that a file of 100 MB takes few turns of the loop, small enough to hold many at once.
_CHUNK_BYTES = 256 * 1024
_PART_BYTES = 1024 * 1024


class BlobMissing(NotFound):
    """The stored file is gone."""

    code = "blob_missing"


class Blobs:
    """A place for files."""

    def __init__(self, store: LocalStore | MemoryStore, folder: Path | None) -> None:
        self._store = store
        self._folder = folder

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Keep blobs as files under ``folder``, which is made if missing."""
        return cls(LocalStore(folder, automatic_cleanup=True, mkdir=True), folder)

    @classmethod
    def in_memory(cls) -> Self:
        return cls(MemoryStore(), None)

    async def put(self, key: str, content: bytes | AsyncIterator[bytes]) -> int:
        """Store ``content`` under ``key``, in place of what was there, and return its size in bytes.

        :raises StorageUnavailable: if it can't be stored; what was there before is still there.
        :raises Exception: whatever the iterator raised; likewise.
        """
        _check(key)
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
        _check(key)
        try:
            size = (await obstore.head_async(self._store, key))["size"]
            first = min(start or 0, size)
            last = size if end is None else min(end, size)
            while first < last:
                piece = min(first + _CHUNK_BYTES, last)
                chunk = await obstore.get_range_async(self._store, key, start=first, end=piece)
                yield bytes(chunk)
                first = piece
        except FileNotFoundError:
            raise BlobMissing from None
        except (BaseError, OSError) as error:
            raise StorageUnavailable("a stored file cannot be read") from error

    async def size(self, key: str) -> int:
        """The size in bytes.

        :raises BlobMissing: if there is no such blob.
        """
        _check(key)
        try:
            return (await obstore.head_async(self._store, key))["size"]
        except FileNotFoundError:
            raise BlobMissing from None
        except (BaseError, OSError) as error:
            raise StorageUnavailable("a stored file cannot be read") from error

    async def delete(self, key: str) -> None:
        """Remove the blob, if there is one."""
        _check(key)
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise StorageUnavailable("a stored file cannot be deleted") from error

    async def _put(self, key: str, content: "bytes | _Counted") -> None:
        try:
            await obstore.put_async(self._store, key, content, chunk_size=_PART_BYTES, max_concurrency=2)
            if self._folder is not None:
                await asyncio.to_thread(_make_durable, self._folder, key)
        except (BaseError, OSError) as error:
            raise StorageUnavailable("a file cannot be stored") from error


class _Counted:
    """Passes an iterator on, counting, and keeps the error that it ended with."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self.size = 0
        self.error: Exception | None = None

    def __aiter__(self) -> "_Counted":
        return self

    async def __anext__(self) -> bytes:
        try:
            piece = await anext(self._source)
        except StopAsyncIteration:
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
