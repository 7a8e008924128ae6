"""Users and accounts as the API shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from wagate.accounts.model import MAX_EMAIL_LENGTH, Account, Role, User
from wagate.accounts.passwords import MAX_LENGTH
from wagate.core.ids import AccountId, UserId
from wagate.web.models import ApiModel

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=MAX_EMAIL_LENGTH)]
#: How short it may be is said by an error of its own.
Password = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH, json_schema_extra={"format": "password"})]


class UserBody(ApiModel):
    """A person who logs in."""

    id: UserId
    email: str
    name: str
    role: Role
    is_admin: bool
    """Whether the user runs this gateway."""
    disabled_at: datetime | None
    """Since when the user may not log in; null for one who may."""
    created_at: datetime


class AccountBody(ApiModel):
    """A tenant."""

    id: AccountId
    name: str
    created_at: datetime


def user_body(user: User) -> UserBody:
    """The user as shown."""
    return UserBody(
        id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        is_admin=user.is_admin,
        disabled_at=user.disabled_at,
        created_at=user.created_at,
    )


def account_body(account: Account) -> AccountBody:
    """The account as its own users see it."""
    return AccountBody(id=account.id, name=account.name, created_at=account.created_at)
