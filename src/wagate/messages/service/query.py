"""Looking messages up, and marking them as read."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from wagate.core.clock import Clock
from wagate.core.ids import MessageId, SessionId
from wagate.messages import store
from wagate.messages.errors import MessageNotFound
from wagate.messages.model import Direction, Message, MessageStatus, may_follow
from wagate.messages.store import Filters
from wagate.sessions.errors import SessionNotFound
from wagate.sessions.links import Links
from wagate.sessions.store import sender_of
from wagate.storage.database import Database, Tx
from wagate.web.principal import Principal
from wagate.wire.jid import Jid
from wagate.wire.node import Node

#: How long protobufs are kept: recipients ask again within days for what they could not decrypt.
PAYLOADS_FOR: Final = timedelta(days=30)


class History:
    """The messages of an account."""

    def __init__(self, *, db: Database, clock: Clock, links: Links) -> None:
        self._db = db
        self._clock = clock
        self._links = links

    async def get(self, principal: Principal, identifier: str) -> Message:
        """:raises MessageNotFound: also if it is out of the principal's reach."""
        try:
            parsed = MessageId.parse(identifier)
        except ValueError:
            raise MessageNotFound from None
        found = await self._db.read(lambda tx: store.find(tx, principal.account_id, parsed))
        if found is None or not principal.may_see(found.session_id):
            raise MessageNotFound
        return found

    async def page(
        self,
        principal: Principal,
        session: SessionId,
        filters: Filters,
        *,
        before_seq: int | None,
        limit: int,
    ) -> list[Message]:
        """Messages of a session, newest first.

        :raises SessionNotFound: also if it is out of the principal's reach.
        """
        account = principal.account_id

        def work(tx: Tx) -> list[Message]:
            if not principal.may_see(session) or sender_of(tx, account, session) is None:
                raise SessionNotFound
            return store.page(tx, account, session, filters, before_seq=before_seq, limit=limit)

        return await self._db.read(work)

    async def count_by_status(self, sessions: Collection[SessionId]) -> dict[str, int]:
        """How many messages of these sessions, whoever's they are, are in each state."""
        return await self._db.read(lambda tx: store.count_by_status(tx, sessions))

    async def mark_read(self, principal: Principal, identifier: str) -> Message:
        """Tell the sender of an inbound message that it was read. Doing it twice is harmless.

        :raises MessageNotFound: :raises SessionNotConnected: if the session is not online.
        """
        message = await self.get(principal, identifier)
        if message.direction is not Direction.IN or not may_follow(message.status, MessageStatus.READ):
            return message
        link = await self._links.use(message.session_id)
        now = self._clock.now()
        await link.send(read_receipt(message, int(now.timestamp())))
        read = message.advanced(MessageStatus.READ, now)
        await self._db.write(lambda tx: store.save_statuses(tx, [read]))
        return read


def read_receipt(message: Message, seconds: int) -> Node:
    """``<receipt type=read>`` to whom the message came from, under the address it came by."""
    chat = (message.chat_lid if message.by_lid else None) or message.chat
    attrs: dict[str, str | Jid] = {"id": message.wa_id, "type": "read", "t": str(seconds), "to": chat}
    if message.chat.is_group:
        attrs["participant"] = (message.sender_lid if message.by_lid else None) or message.sender
    return Node("receipt", attrs)
