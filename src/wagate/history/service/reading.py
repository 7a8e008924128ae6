"""What becomes of a chunk: the engine learns who is who, and its messages become rows, a few at a time."""

from dataclasses import dataclass
from functools import partial

from wagate.engine.port import EngineSession
from wagate.history.model import Chunk
from wagate.history.service.chunk import OpenChunk, in_thread, opened
from wagate.media.service.hosts import MediaHosts
from wagate.messages.service.backfill import MAX_NAMES, Backfill, Names, Owner
from wagate.wire.jid import Jid


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a chunk had in it: accounts with both addresses, messages, and how many of those are new here; ``unread``
    could not be parsed or were too long.
    """

    accounts: int
    messages: int
    stored: int
    unread: int


class ChunkReading:
    """Reads one chunk after the other; doing it again with the same one changes nothing."""

    def __init__(self, *, hosts: MediaHosts, backfill: Backfill) -> None:
        self._hosts = hosts
        self._backfill = backfill

    async def read(self, chunk: Chunk, link: EngineSession, names: Names) -> Outcome:
        """Read a chunk to its end. ``names`` are those that the chunks before it told, and learn what this one tells:
        the first has a table of them, later ones may call a chat by its LID alone.

        :raises HostsUnavailable: if it can't be had now.
        :raises EngineUnavailable: if the connection is over.
        :raises ChunkBroken: if it is not what was announced.
        """
        async with opened(chunk, self._hosts, link) as content:
            pairs = await self._who_is_who(content)
            for pn, lid in pairs:
                names.add(pn, lid)
            if chunk.lid is not None:
                names.add(chunk.jid, chunk.lid)
            # Only now is the whole of it known to be what the phone sent.
            if pairs:
                await link.learn_lids(pairs)
            return await self._messages(chunk, content, names, len(pairs))

    async def _who_is_who(self, content: OpenChunk) -> list[tuple[Jid, Jid]]:
        pairs: dict[Jid, Jid] = {}
        async for part in content.accounts():
            for one in part:
                pn, lid = _jid(one.pn), _jid(one.lid)
                if pn is not None and lid is not None and pn.is_pn and lid.is_lid and len(pairs) < MAX_NAMES:
                    pairs[pn.bare] = lid.bare
        return list(pairs.items())

    async def _messages(self, chunk: Chunk, content: OpenChunk, names: Names, accounts: int) -> Outcome:
        owner = Owner(account=chunk.account, session=chunk.session, jid=chunk.jid, lid=chunk.lid)
        messages = stored = unread = 0
        async for part in content.messages():
            prepared = await in_thread(partial(self._backfill.prepare, owner, names, part))
            stored += await self._backfill.take(owner, prepared)
            messages += len(part)
            unread += part.count(None)
        return Outcome(accounts=accounts, messages=messages, stored=stored, unread=unread)


def _jid(text: str) -> Jid | None:
    try:
        return Jid.parse(text)
    except ValueError:
        return None
