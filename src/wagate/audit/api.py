"""The route of the audit log."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import JsonValue

from wagate.audit.model import Action, Entry
from wagate.audit.model import Query as AuditQuery
from wagate.audit.service import AuditLog
from wagate.core.ids import AccountId, AuditId, KeyId, UserId
from wagate.web.auth import PlatformAccess
from wagate.web.models import ApiModel, Timestamp
from wagate.web.pages import DEFAULT_LIMIT, Cursor, CursorInvalid, Limit, Page, decode_cursor, page_of
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter

Since = Annotated[Timestamp | None, Query(alias="from", description="Entries from this moment on.")]
Until = Annotated[Timestamp | None, Query(alias="to", description="Entries before this moment.")]
ActorFilter = Annotated[str | None, Query(max_length=200, description="The id of a user, a key or a worker.")]


class ActorBody(ApiModel):
    """Who did it. All null for somebody unknown, such as one who failed to log in."""

    user_id: UserId | None
    """Who logged in, or for whom the key was made."""
    key_id: KeyId | None
    worker: str | None


class AuditBody(ApiModel):
    """Something that was done."""

    id: AuditId
    at: datetime
    account_id: AccountId | None
    """Whose thing was changed; null for what belongs to no account."""
    actor: ActorBody
    action: Action
    target: str | None
    """The id of what was changed."""
    ip: str | None
    request_id: str | None
    detail: dict[str, JsonValue]


def router(log: AuditLog) -> APIRouter:
    """Routes of the audit log."""
    routes = ApiRouter(tags=["administration"])

    @routes.get("/api/admin/audit", responses=problem_responses(CursorInvalid))
    async def list_audit(
        principal: PlatformAccess,
        account: AccountId | None = None,
        actor: ActorFilter = None,
        action: Action | None = None,
        since: Since = None,
        until: Until = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[AuditBody]:
        """Who changed what, newest first."""
        query = AuditQuery(account=account, actor=actor, action=action, since=since, until=until)
        found = await log.page(query, before=_before(cursor), limit=limit + 1)
        return page_of(found, limit, _body, lambda entry: str(entry.seq))

    return routes


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    (seq,) = decode_cursor(cursor)
    # As many digits as a database's whole numbers have at most, less one.
    if not (seq.isascii() and seq.isdigit() and len(seq) <= 18):
        raise CursorInvalid
    return int(seq)


def _body(entry: Entry) -> AuditBody:
    return AuditBody(
        id=entry.id,
        at=entry.at,
        account_id=entry.account_id,
        actor=ActorBody(user_id=entry.actor.user_id, key_id=entry.actor.key_id, worker=entry.actor.worker),
        action=entry.action,
        target=entry.target,
        ip=entry.actor.origin.ip,
        request_id=entry.actor.origin.request_id,
        detail=dict(entry.detail),
    )
