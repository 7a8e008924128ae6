"""The routes of an account's users."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, model_validator

from wagate.accounts.api.bodies import Email, Name, Password, UserBody, user_body
from wagate.accounts.errors import (
    EmailInvalid,
    EmailTaken,
    GrantTooWide,
    LastOwner,
    LastPlatformAdmin,
    LoginNeeded,
    LoginsBusy,
    PasswordTooWeak,
    PasswordWrong,
    RunsTheGateway,
    TooManyAttempts,
    UserNotFound,
)
from wagate.accounts.model import Role
from wagate.accounts.service import Members
from wagate.accounts.service.members import MemberChange
from wagate.core.ids import UserId
from wagate.web.auth import Access, AdminAccess
from wagate.web.models import ApiRequest
from wagate.web.pages import DEFAULT_LIMIT, Cursor, CursorInvalid, Limit, Page, decode_cursor, page_of
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter


class CreateUser(ApiRequest):
    """The user to add to the account."""

    email: Email
    name: Annotated[str, Field(max_length=100)] = ""
    role: Role
    password: Password | None = None
    """8 to 256 characters; one is made and shown once unless given."""


class NewUserBody(UserBody):
    """A user who was just added."""

    password: str | None
    """The password that was made for them, to pass on; it can't be read again. Null if you gave one."""


class UpdateUser(ApiRequest):
    """What to change; what is left out stays."""

    name: Name | None = None
    role: Role | None = None
    disabled: bool | None = None
    """Whether the user is kept from logging in."""
    password: Password | None = None
    """Another password, for one who forgot theirs."""


class UpdateSelf(ApiRequest):
    """What to change of oneself; what is left out stays."""

    name: Name | None = None
    password: Password | None = None
    """8 to 256 characters."""
    current_password: Password | None = None
    """Needed for another password."""

    @model_validator(mode="after")
    def _knows_the_current_one(self) -> "UpdateSelf":
        if self.password is not None and self.current_password is None:
            raise ValueError("A new password needs currentPassword")
        return self


def router(members: Members) -> APIRouter:
    """Routes of users."""
    routes = ApiRouter(tags=["accounts"])

    @routes.get("/api/users", responses=problem_responses(CursorInvalid, GrantTooWide))
    async def list_users(principal: AdminAccess, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[UserBody]:
        """The account's users, oldest first."""
        after = None if cursor is None else decode_cursor(cursor)[0]
        found = await members.page(principal, after=after, limit=limit + 1)
        return page_of(found, limit, user_body, lambda user: user.id)

    @routes.post(
        "/api/users",
        status_code=201,
        responses=problem_responses(EmailTaken, EmailInvalid, PasswordTooWeak, GrantTooWide, LoginsBusy),
    )
    async def create_user(body: CreateUser, principal: AdminAccess) -> NewUserBody:
        """Add a user to the account."""
        user, password = await members.add(
            principal, email=body.email, name=body.name.strip(), role=body.role, password=body.password
        )
        return NewUserBody(**user_body(user).model_dump(), password=password)

    @routes.patch(
        "/api/users/me",
        responses=problem_responses(LoginNeeded, PasswordWrong, PasswordTooWeak, TooManyAttempts, LoginsBusy),
    )
    async def update_self(body: UpdateSelf, principal: Access) -> UserBody:
        """Change one's own name or password. Another password logs the user out everywhere."""
        return user_body(
            await members.change_self(
                principal, name=body.name, password=body.password, current=body.current_password or ""
            )
        )

    @routes.get("/api/users/{user_id}", responses=problem_responses(UserNotFound, GrantTooWide))
    async def get_user(user_id: UserId, principal: AdminAccess) -> UserBody:
        """One user of the account."""
        return user_body(await members.get(principal, user_id))

    @routes.patch(
        "/api/users/{user_id}",
        responses=problem_responses(
            UserNotFound, LastOwner, LastPlatformAdmin, RunsTheGateway, PasswordTooWeak, GrantTooWide, LoginsBusy
        ),
    )
    async def update_user(user_id: UserId, body: UpdateUser, principal: AdminAccess) -> UserBody:
        """Change a user. Another role or password, or being disabled, logs the user out everywhere."""
        change = MemberChange(name=body.name, role=body.role, disabled=body.disabled, password=body.password)
        return user_body(await members.change(principal, user_id, change))

    @routes.delete(
        "/api/users/{user_id}",
        status_code=204,
        responses=problem_responses(UserNotFound, LastOwner, LastPlatformAdmin, RunsTheGateway, GrantTooWide),
    )
    async def delete_user(user_id: UserId, principal: AdminAccess) -> None:
        """Remove a user from the account, and revoke the keys that were made for them."""
        await members.remove(principal, user_id)

    return routes
