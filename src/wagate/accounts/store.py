"""The tables of accounts, users and keys, and of what may be set while the gateway runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from wagate.accounts.model import Account, ApiKey, Holder, Role, User
from wagate.core.ids import AccountId, KeyId, SessionId, UserId
from wagate.storage.database import Tx, metadata
from wagate.storage.dialect import insert_or_ignore, upsert
from wagate.storage.types import Json, UtcDateTime
from wagate.web.principal import Scope

accounts = Table(
    "accounts",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
)

users = Table(
    "users",
    metadata,
    Column("id", String, primary_key=True),
    Column("account_id", String, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("email", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("is_admin", Boolean, nullable=False),
    #: Argon2id in its standard text form; NULL for a user who can't log in.
    Column("password_hash", String),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    #: Tokens of another epoch are refused.
    Column("token_epoch", Integer, nullable=False, server_default="0"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("account_id", String, ForeignKey("accounts.id"), nullable=False),
    Column("user_id", String, ForeignKey("users.id")),
    Column("name", String, nullable=False),
    Column("hint", String, nullable=False),
    #: SHA-256 of the key.
    Column("fingerprint", LargeBinary(32), nullable=False, unique=True),
    #: Chosen by the operator, so without the form and checksum of a key.
    Column("free_form", Boolean, nullable=False),
    Column("scopes", Json, nullable=False),
    #: NULL for every session of the account.
    Column("sessions", Json),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Index(None, "account_id", "id"),
)

platform_settings = Table(
    "platform_settings",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Json, nullable=False),
)

_NOT_READ = ("id", "account_id", "password_hash")
_KEY_COLUMNS = [column for column in api_keys.c if column.name != "fingerprint"]


# -- accounts ---------------------------------------------------------------------------------------------------------


def add_account(tx: Tx, account: Account) -> None:
    """Store a new account."""
    tx.execute(insert(accounts).values(id=account.id, name=account.name, created_at=account.created_at))


def account(tx: Tx, account_id: AccountId) -> Account | None:
    """The account of this id."""
    row = tx.execute(select(accounts).where(accounts.c.id == account_id)).first()
    return None if row is None else _account(row)


def list_accounts(tx: Tx, *, after: str | None, limit: int) -> list[Account]:
    """Every account, oldest first, those made after the account ``after``."""
    query = select(accounts).order_by(accounts.c.id).limit(limit)
    if after is not None:
        query = query.where(accounts.c.id > after)
    return [_account(row) for row in tx.execute(query)]


def save_account(tx: Tx, account: Account) -> None:
    """Overwrite an account with what it is now."""
    values = {"name": account.name, "disabled_at": account.disabled_at}
    tx.execute(update(accounts).where(accounts.c.id == account.id).values(**values))


def lock_account(tx: Tx, account_id: AccountId) -> None:
    """Have others who lock this account wait until the transaction ends."""
    tx.execute(select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())


# -- users ------------------------------------------------------------------------------------------------------------


def add_user(tx: Tx, user: User, password_hash: str | None) -> bool:
    """Store a new user; ``False`` if the address is taken."""
    stored = tx.execute(
        insert_or_ignore(users, ["email"])
        .values(
            id=user.id,
            account_id=user.account_id,
            email=user.email,
            name=user.name,
            role=user.role,
            is_admin=user.is_admin,
            password_hash=password_hash,
            created_at=user.created_at,
            token_epoch=user.token_epoch,
        )
        .returning(users.c.id)
    )
    return stored.first() is not None


def has_admin(tx: Tx) -> bool:
    """Whether anybody runs this gateway yet."""
    return tx.execute(select(users.c.id).where(users.c.is_admin).limit(1)).first() is not None


def admin_accounts(tx: Tx) -> list[AccountId]:
    """The accounts of those who run this gateway."""
    rows = tx.execute(select(users.c.account_id).where(users.c.is_admin).distinct()).all()
    return [AccountId(row.account_id) for row in rows]


def find_login(tx: Tx, user_id: UserId) -> tuple[User, Account] | None:
    """The user whom a token names, with their account."""
    row = tx.execute(_FIND_LOGIN, {"user": user_id}).first()
    return None if row is None else (_login_user(row), _login_account(row))


def find_password(tx: Tx, email: str) -> tuple[User, Account, str | None] | None:
    """The user of this address, with their account and what is kept of their password."""
    row = tx.execute(_logins().where(users.c.email == email)).first()
    return None if row is None else (_login_user(row), _login_account(row), row.password_hash)


def user(tx: Tx, account_id: AccountId, user_id: UserId) -> User | None:
    """A user of this account."""
    row = tx.execute(_logins().where(users.c.account_id == account_id, users.c.id == user_id)).first()
    return None if row is None else _login_user(row)


def password_of(tx: Tx, account_id: AccountId, user_id: UserId) -> str | None:
    """What is kept of a user's password."""
    row = tx.execute(
        select(users.c.password_hash).where(users.c.account_id == account_id, users.c.id == user_id)
    ).first()
    return None if row is None else row.password_hash


def list_users(tx: Tx, account_id: AccountId, *, after: str | None, limit: int) -> list[User]:
    """The account's users, oldest first, those made after the user ``after``."""
    query = _logins().where(users.c.account_id == account_id).order_by(users.c.id).limit(limit)
    if after is not None:
        query = query.where(users.c.id > after)
    return [_login_user(row) for row in tx.execute(query)]


def other_owners(tx: Tx, user: User) -> bool:
    """Whether somebody else owns the user's account and can log in."""
    query = select(users.c.id).where(
        users.c.account_id == user.account_id,
        users.c.id != user.id,
        users.c.role == Role.OWNER,
        users.c.disabled_at.is_(None),
    )
    return tx.execute(query.limit(1)).first() is not None


def other_admins(tx: Tx, user: User) -> bool:
    """Whether somebody else, of whichever account, runs the gateway and can log in. Whoever asks is made to wait for
    others who ask.
    """
    found = tx.execute(
        select(users.c.id, users.c.role, users.c.disabled_at)
        .where(users.c.is_admin)
        .order_by(users.c.id)
        .with_for_update()
    ).all()
    return any(row.id != user.id and row.role == Role.OWNER and row.disabled_at is None for row in found)


def save_user(tx: Tx, user: User, **extra: str) -> None:
    """Overwrite a user with what they are now, and the columns in ``extra``."""
    values = {
        "name": user.name,
        "role": user.role,
        "disabled_at": user.disabled_at,
        "token_epoch": user.token_epoch,
        **extra,
    }
    mine = (users.c.account_id == user.account_id, users.c.id == user.id)
    tx.execute(update(users).where(*mine).values(**values))


def end_logins(tx: Tx, account_id: AccountId, user_id: UserId) -> None:
    """Have every token of a user refused from now on."""
    mine = (users.c.account_id == account_id, users.c.id == user_id)
    tx.execute(update(users).where(*mine).values(token_epoch=users.c.token_epoch + 1))


def remove_user(tx: Tx, user: User, now: datetime) -> list[KeyId]:
    """Forget a user and revoke the keys that were made for them; these keys' ids."""
    keys = (api_keys.c.account_id == user.account_id, api_keys.c.user_id == user.id)
    revoked = tx.execute(
        update(api_keys).where(*keys, api_keys.c.revoked_at.is_(None)).values(revoked_at=now).returning(api_keys.c.id)
    )
    ids = [KeyId(row.id) for row in revoked]
    tx.execute(update(api_keys).where(*keys).values(user_id=None))
    tx.execute(delete(users).where(users.c.account_id == user.account_id, users.c.id == user.id))
    return ids


# -- keys -------------------------------------------------------------------------------------------------------------


def add_key(tx: Tx, key: ApiKey, fingerprint: bytes, *, free_form: bool = False) -> None:
    """Store a new key."""
    tx.execute(
        insert(api_keys).values(
            id=key.id,
            account_id=key.account_id,
            user_id=key.user_id,
            name=key.name,
            hint=key.hint,
            fingerprint=fingerprint,
            free_form=free_form,
            scopes=sorted(key.scopes),
            sessions=None if key.sessions is None else sorted(key.sessions),
            created_at=key.created_at,
            expires_at=key.expires_at,
        )
    )


def free_form_fingerprints(tx: Tx) -> frozenset[bytes]:
    """Of the keys that don't have the form of a key."""
    rows = tx.execute(select(api_keys.c.fingerprint).where(api_keys.c.free_form, api_keys.c.revoked_at.is_(None)))
    return frozenset(row.fingerprint for row in rows)


def find_holder(tx: Tx, fingerprint: bytes) -> Holder | None:
    """The key of this fingerprint with its account and user, unless it was revoked."""
    row = tx.execute(_FIND_HOLDER, {"print": fingerprint}).first()
    return None if row is None else _holder(row)


def get_holder(tx: Tx, account_id: AccountId, key_id: KeyId) -> Holder | None:
    """The key of this id with its account and user, unless it was revoked."""
    row = tx.execute(_holders().where(*_live(account_id), api_keys.c.id == key_id)).first()
    return None if row is None else _holder(row)


def list_keys(tx: Tx, account_id: AccountId, *, after: str | None, limit: int) -> list[ApiKey]:
    """Keys that were not revoked, oldest first, those made after the key ``after``."""
    query = select(*_KEY_COLUMNS).where(*_live(account_id)).order_by(api_keys.c.id).limit(limit)
    if after is not None:
        query = query.where(api_keys.c.id > after)
    return [_key(row) for row in tx.execute(query)]


def admin_keys(tx: Tx, account_id: AccountId, now: datetime) -> Sequence[KeyId]:
    """The keys that may do everything in the account at ``now``."""
    rows = tx.execute(
        select(api_keys.c.id, api_keys.c.scopes).where(
            *_live(account_id),
            api_keys.c.sessions.is_(None),
            or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now),
        )
    )
    return [KeyId(row.id) for row in rows if Scope.ADMIN in row.scopes]


def revoke_key(tx: Tx, account_id: AccountId, key_id: KeyId, now: datetime) -> bytes | None:
    """Mark a key as revoked; its fingerprint, or ``None`` if there is no such key."""
    row = tx.execute(
        update(api_keys)
        .where(*_live(account_id), api_keys.c.id == key_id)
        .values(revoked_at=now)
        .returning(api_keys.c.fingerprint)
    ).first()
    return None if row is None else bytes(row.fingerprint)


def touch_key(tx: Tx, account_id: AccountId, key_id: KeyId, now: datetime) -> None:
    """Note that a key was used; never moves back."""
    last = func.coalesce(api_keys.c.last_used_at, api_keys.c.created_at)
    tx.execute(
        update(api_keys).where(*_live(account_id), api_keys.c.id == key_id, last <= now).values(last_used_at=now)
    )


# -- settings ---------------------------------------------------------------------------------------------------------


def changed_settings(tx: Tx) -> dict[str, Any]:
    """What those who run the gateway have set."""
    return {row.name: row.value for row in tx.execute(select(platform_settings))}


def change_settings(tx: Tx, changes: Mapping[str, Any]) -> None:
    """Set these; ``None`` is to leave it to the program's own settings again."""
    for name, value in changes.items():
        if value is None:
            tx.execute(delete(platform_settings).where(platform_settings.c.name == name))
        else:
            tx.execute(upsert(platform_settings, ["name"], ["value"]), {"name": name, "value": value})


# -- rows -------------------------------------------------------------------------------------------------------------


def _live(account_id: AccountId) -> tuple[Any, ...]:
    return api_keys.c.account_id == account_id, api_keys.c.revoked_at.is_(None)


def _holders() -> Any:
    columns = [
        *_KEY_COLUMNS,
        *(column.label(f"account_{column.name}") for column in accounts.c if column.name != "id"),
        *(column.label(f"user_{column.name}") for column in users.c if column.name not in _NOT_READ),
    ]
    return select(*columns).select_from(
        api_keys.join(accounts, accounts.c.id == api_keys.c.account_id).outerjoin(
            users, users.c.id == api_keys.c.user_id
        )
    )


_FIND_HOLDER = _holders().where(api_keys.c.fingerprint == bindparam("print"), api_keys.c.revoked_at.is_(None))


def _logins() -> Any:
    return select(
        users, *(column.label(f"account_{column.name}") for column in accounts.c if column.name != "id")
    ).select_from(users.join(accounts, accounts.c.id == users.c.account_id))


_FIND_LOGIN = _logins().where(users.c.id == bindparam("user"))


def _account(row: Row[Any]) -> Account:
    return Account(id=AccountId(row.id), name=row.name, created_at=row.created_at, disabled_at=row.disabled_at)


def _login_account(row: Row[Any]) -> Account:
    return Account(
        id=AccountId(row.account_id),
        name=row.account_name,
        created_at=row.account_created_at,
        disabled_at=row.account_disabled_at,
    )


def _login_user(row: Row[Any]) -> User:
    return User(
        id=UserId(row.id),
        account_id=AccountId(row.account_id),
        email=row.email,
        name=row.name,
        role=Role(row.role),
        is_admin=row.is_admin,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        token_epoch=row.token_epoch,
    )


def _holder(row: Row[Any]) -> Holder:
    key = _key(row)
    return Holder(
        key=key,
        account=Account(
            id=key.account_id,
            name=row.account_name,
            created_at=row.account_created_at,
            disabled_at=row.account_disabled_at,
        ),
        user=None
        if key.user_id is None
        else User(
            id=key.user_id,
            account_id=key.account_id,
            email=row.user_email,
            name=row.user_name,
            role=Role(row.user_role),
            is_admin=row.user_is_admin,
            created_at=row.user_created_at,
            disabled_at=row.user_disabled_at,
            token_epoch=row.user_token_epoch,
        ),
    )


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=KeyId(row.id),
        account_id=AccountId(row.account_id),
        user_id=None if row.user_id is None else UserId(row.user_id),
        name=row.name,
        hint=row.hint,
        scopes=frozenset(map(Scope, row.scopes)),
        sessions=None if row.sessions is None else frozenset(map(SessionId, row.sessions)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
