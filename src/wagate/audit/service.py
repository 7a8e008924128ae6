"""Adding to the audit log, and reading it."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wagate.audit import store
from wagate.audit.model import Action, Actor, Entry, Query
from wagate.core.ids import AccountId, AuditId, Entropy
from wagate.storage.database import Database, Tx
from wagate.web.principal import Principal


def append(
    tx: Tx,
    by: Principal | Actor,
    action: Action,
    target: str | None = None,
    *,
    now: datetime,
    account_id: AccountId | None = None,
    detail: Mapping[str, Any] | None = None,
    entropy: Entropy = os.urandom,
) -> None:
    """Log, in the caller's transaction, that ``by`` did this to the thing of the id ``target``.

    ``account_id`` is whose the thing is; the principal's own account unless given. ``detail`` must hold nothing that
    only some may read: names of changed fields rather than their values.
    """
    if isinstance(by, Principal):
        account_id = account_id or by.account_id
        by = Actor.of(by)
    store.append(
        tx,
        Entry(
            id=AuditId.new(now, entropy),
            at=now,
            account_id=account_id,
            actor=by,
            action=action,
            target=target,
            detail=detail or {},
        ),
    )


class AuditLog:
    """The entries of every account, for those who run the gateway."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(self, query: Query, *, before: int | None, limit: int) -> list[Entry]:
        """Entries that ``query`` wants, newest first, those with a lower ``seq`` than ``before``."""
        return await self._db.read(lambda tx: store.page(tx, query, before=before, limit=limit))
