"""Appending an event in a transaction of its own."""

from collections.abc import Awaitable, Callable
from typing import Any

from wagate.core.ids import AccountId, EventId, SessionId
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.storage.database import Database

#: Takes the kind, the account, the session and members of the data; the new event's id.
Append = Callable[..., Awaitable[EventId]]


def appending(
    database: Database, log: EventLog, kind: EventType, account: AccountId, session: SessionId | None
) -> Append:
    """What appends events, these ones unless told otherwise."""

    async def one(
        type: EventType = kind, account: AccountId = account, session: SessionId | None = session, **data: Any
    ) -> EventId:
        return await database.write(
            lambda tx: log.append(tx, account_id=account, session_id=session, type=type, data=data)
        )

    return one
