"""One chunk, fetched, checked, and walked twice: who is who, then the messages.

A chunk is fetched to a file as it is, encrypted, and nothing of it is believed before its MAC and hashes are checked;
the last of these, that of the plain file, is at the end of the first walk. Only pieces of it are ever in memory. What
takes time runs in a thread, a few milliseconds at a stretch.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import islice
from typing import BinaryIO, Final, TypeVar

from wagate.engine.port import EngineSession
from wagate.history.errors import ChunkBroken
from wagate.history.model import Chunk, Notice
from wagate.media.errors import RemoteFileBroken
from wagate.media.service.hosts import MediaHosts
from wagate.wire.history import HistoryBroken, OldMessage, SameAccount, accounts_in, inflated, messages_in
from wagate.wire.media import MediaBroken, decrypted

T = TypeVar("T")

#: What one transaction takes in, and one stretch of a thread reads: some milliseconds of either.
BATCH_MESSAGES: Final = 50
BATCH_BYTES: Final = 256 * 1024
_BATCH_ACCOUNTS: Final = 500
_PIECE: Final = 64 * 1024
_THREAD: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history")


class OpenChunk:
    """Made by :func:`opened`."""

    def __init__(self, notice: Notice, file: BinaryIO) -> None:
        self._notice = notice
        self._file = file

    async def accounts(self) -> AsyncIterator[list[SameAccount]]:
        """Which numbers and LIDs belong together.

        :raises ChunkBroken: if the chunk is not what its notice says. What came before that is not to be believed.
        """
        walk = accounts_in(self._pieces())
        while part := await in_thread(lambda: list(islice(walk, _BATCH_ACCOUNTS))):
            yield part

    async def messages(self) -> AsyncIterator[list[OldMessage | None]]:
        """The messages in small batches; ``None`` for one that can't be read. Ask for :meth:`accounts` first.

        :raises ChunkBroken: if the chunk can't be read on.
        """
        walk = messages_in(self._pieces())
        while part := await in_thread(lambda: _batch(walk)):
            yield part

    def _pieces(self) -> Iterator[bytes]:
        remote = self._notice.remote
        if remote is None:
            return inflated([self._notice.inline])
        self._file.seek(0)
        body = iter(lambda: self._file.read(_PIECE), b"")
        return inflated(decrypted(body, remote.kind, remote.media_key, remote.sha256))


@asynccontextmanager
async def opened(chunk: Chunk, hosts: MediaHosts, link: EngineSession) -> AsyncIterator[OpenChunk]:
    """Fetch a chunk if it is not in its notice.

    :raises HostsUnavailable: if no host gave it out.
    :raises ChunkBroken: if it is gone there, or not what was announced.
    """
    with tempfile.TemporaryFile() as file:
        if chunk.notice.remote is not None:
            try:
                await hosts.download_into(chunk.session, link, chunk.notice.remote, file)
            except RemoteFileBroken as error:
                raise ChunkBroken(error.detail) from error
        yield OpenChunk(chunk.notice, file)


def _batch(walk: Iterator[OldMessage | None]) -> list[OldMessage | None]:
    found: list[OldMessage | None] = []
    size = 0
    for message in walk:
        found.append(message)
        size += message.info.ByteSize() if message is not None else 0
        if len(found) >= BATCH_MESSAGES or size >= BATCH_BYTES:
            break
    return found


async def in_thread(work: Callable[[], T]) -> T:
    """What ``work`` gives, done in the one thread that reads history: each thread's own memory would stay with it.

    :raises ChunkBroken: if it can't be read.
    """
    try:
        return await asyncio.get_running_loop().run_in_executor(_THREAD, work)
    except (HistoryBroken, MediaBroken) as error:
        raise ChunkBroken(str(error)) from error
