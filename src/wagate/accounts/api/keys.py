"""The routes of keys, and of who is asking."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from wagate.accounts.api.bodies import AccountBody, UserBody, account_body, user_body
from wagate.accounts.errors import ExpiryPassed, GrantTooWide, KeyNotFound, LastAdminKey
from wagate.accounts.model import ApiKey
from wagate.accounts.service import Accounts
from wagate.core.ids import KeyId, SessionId
from wagate.web.auth import Access, AdminAccess, came_by_cookie, credential_of
from wagate.web.cookies import csrf_token
from wagate.web.models import ApiModel, ApiRequest, Timestamp
from wagate.web.pages import DEFAULT_LIMIT, Cursor, CursorInvalid, Limit, Page, decode_cursor, page_of
from wagate.web.principal import Scope
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter

#: A key is carried by every answer to its look-up; a list of sessions without a bound would be, too.
MAX_SESSIONS = 1000


class KeyBody(ApiModel):
    """All that is known of a key but the key."""

    id: KeyId
    name: str
    hint: str
    """As much of the key as tells it from others."""
    scopes: list[Scope]
    sessions: list[SessionId] | None
    """The sessions that the key reaches; null for all."""
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    """Right to a minute."""


class NewKeyBody(KeyBody):
    """A key that was just made."""

    key: str
    """The key. It is shown this once and can't be read again."""


class CreateKey(ApiRequest):
    """The key to make."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    scopes: Annotated[frozenset[Scope], Field(min_length=1)] | None = None
    """`admin` implies all others and `manage` implies `read`. Everything but `admin` unless given."""
    sessions: Annotated[frozenset[SessionId], Field(min_length=1, max_length=MAX_SESSIONS)] | None = None
    """Bind the key to these sessions; all that the maker of the key reaches unless given."""
    expires_at: Timestamp | None = None


class Limits(ApiModel):
    """What the account may use; null is no limit."""

    sessions: int | None = None
    messages_per_day: int | None = None
    messages_per_month: int | None = None


class Caller(ApiModel):
    """Who sent the request."""

    user: UserBody | None
    """Who logged in, or for whom the key was made; null for a key of the account itself."""
    account: AccountBody
    key: KeyBody | None
    """Null for a user who logged in."""
    limits: Limits
    csrf_token: str | None
    """What a browser that is logged in by cookie names in `X-CSRF-Token` to change something; null to all others."""


def router(accounts: Accounts) -> APIRouter:
    """Routes of keys and of who is asking."""
    routes = ApiRouter(tags=["accounts"])

    @routes.get("/api/me")
    async def get_me(request: Request, principal: Access) -> Caller:
        """Who sent the request, and what the account may use."""
        identity = await accounts.identity(principal)
        plan = await accounts.plan(principal)
        return Caller(
            user=None if identity.user is None else user_body(identity.user),
            account=account_body(identity.account),
            key=None if identity.key is None else _key_body(identity.key),
            limits=Limits(
                sessions=plan.sessions,
                messages_per_day=plan.messages_per_day,
                messages_per_month=plan.messages_per_month,
            ),
            csrf_token=csrf_token(credential_of(request)) if came_by_cookie(request) else None,
        )

    @routes.get("/api/keys", responses=problem_responses(CursorInvalid))
    async def list_keys(principal: AdminAccess, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[KeyBody]:
        """The account's keys, oldest first. A key that is bound to sessions sees only keys bound to those."""
        after = None if cursor is None else decode_cursor(cursor)[0]
        keys = await accounts.list_keys(principal, after=after, limit=limit + 1)
        return page_of(keys, limit, _key_body, lambda key: key.id)

    @routes.post("/api/keys", status_code=201, responses=problem_responses(GrantTooWide, ExpiryPassed))
    async def create_key(body: CreateKey, principal: AdminAccess) -> NewKeyBody:
        """Make a key. It can't be given more than the key that makes it has."""
        made = await accounts.create_key(
            principal, name=body.name, scopes=body.scopes, sessions=body.sessions, expires_at=body.expires_at
        )
        return NewKeyBody(**_key_body(made.key).model_dump(), key=made.secret)

    @routes.delete("/api/keys/{key_id}", status_code=204, responses=problem_responses(KeyNotFound, LastAdminKey))
    async def delete_key(key_id: KeyId, principal: AdminAccess) -> None:
        """Revoke a key. Within a second nobody accepts it any more."""
        await accounts.revoke_key(principal, key_id)

    return routes


def _key_body(key: ApiKey) -> KeyBody:
    return KeyBody(
        id=key.id,
        name=key.name,
        hint=key.hint,
        scopes=[scope for scope in Scope if scope in key.scopes],
        sessions=None if key.sessions is None else sorted(key.sessions),
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
    )
