"""The routes of all accounts and of the settings."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from wagate.accounts.api.bodies import AccountBody, Name
from wagate.accounts.errors import AccountNotFound, OwnAccount
from wagate.accounts.model import Account, PlatformSettings
from wagate.accounts.service import Platform
from wagate.core.ids import AccountId
from wagate.core.settings import Registration
from wagate.web.auth import PlatformAccess
from wagate.web.models import ApiModel, ApiRequest
from wagate.web.pages import DEFAULT_LIMIT, Cursor, CursorInvalid, Limit, Page, decode_cursor, page_of
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter

#: A week: whoever needs more uses a key.
MAX_LOGIN_HOURS = 168


class ManagedAccountBody(AccountBody):
    """A tenant, as those who run the gateway see it."""

    disabled_at: datetime | None
    """Since when its keys and log-ins are refused; null for one in use."""


class UpdateAccount(ApiRequest):
    """What to change; what is left out stays."""

    name: Name | None = None
    disabled: bool | None = None


class SettingsBody(ApiModel):
    """What those who run the gateway may change while it runs."""

    registration: Registration
    """Whether strangers may make accounts."""
    login_hours: int
    """How long a log-in lasts."""


class UpdateSettings(ApiRequest):
    """What to set; null is to go back to how the program was started."""

    registration: Registration | None = None
    login_hours: Annotated[int, Field(ge=1, le=MAX_LOGIN_HOURS)] | None = None


def router(platform: Platform) -> APIRouter:
    """Routes for those who run the gateway."""
    routes = ApiRouter(tags=["administration"])

    @routes.get("/api/admin/accounts", responses=problem_responses(CursorInvalid))
    async def list_accounts(
        principal: PlatformAccess, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> Page[ManagedAccountBody]:
        """Every account, oldest first."""
        after = None if cursor is None else decode_cursor(cursor)[0]
        found = await platform.page(after=after, limit=limit + 1)
        return page_of(found, limit, _body, lambda account: account.id)

    @routes.get("/api/admin/accounts/{account_id}", responses=problem_responses(AccountNotFound))
    async def get_account(account_id: AccountId, principal: PlatformAccess) -> ManagedAccountBody:
        """One account."""
        return _body(await platform.get(account_id))

    @routes.patch("/api/admin/accounts/{account_id}", responses=problem_responses(AccountNotFound, OwnAccount))
    async def update_account(
        account_id: AccountId, body: UpdateAccount, principal: PlatformAccess
    ) -> ManagedAccountBody:
        """Name an account, disable it or enable it again. Within a second nobody accepts a key or token of a disabled
        account; its sessions are disconnected, and stay so when it is enabled again.
        """
        return _body(await platform.change(principal, account_id, name=body.name, disabled=body.disabled))

    @routes.get("/api/admin/settings")
    async def get_settings(principal: PlatformAccess) -> SettingsBody:
        """What is set."""
        return _settings(await platform.settings())

    @routes.patch("/api/admin/settings")
    async def update_settings(body: UpdateSettings, principal: PlatformAccess) -> SettingsBody:
        """Set something; it holds at once on every gateway, and after a restart."""
        changes = {name: getattr(body, name) for name in body.model_fields_set}
        return _settings(await platform.change_settings(principal, changes))

    return routes


def _body(account: Account) -> ManagedAccountBody:
    return ManagedAccountBody(
        id=account.id, name=account.name, created_at=account.created_at, disabled_at=account.disabled_at
    )


def _settings(settings: PlatformSettings) -> SettingsBody:
    return SettingsBody(registration=settings.registration, login_hours=settings.login_hours)
