"""The first administrator.

What is made at random is in ``<data-dir>/admin.json`` before the database knows of it, so whenever a start is cut
short the next one finds the same key and ends what was begun: there is never an administrator whose key nobody has.
Once there is an administrator the file is not touched again; who has noted the key may delete it.
"""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from wagate.accounts import passwords, store
from wagate.accounts.keys import fingerprint, hint, is_well_formed, new_key
from wagate.accounts.model import Account, ApiKey, Role, User
from wagate.accounts.passwords import hash_password, new_password
from wagate.audit import service as audit
from wagate.audit.model import Action, Actor
from wagate.core.clock import Clock
from wagate.core.errors import StartupError
from wagate.core.ids import AccountId, Entropy, KeyId, UserId
from wagate.core.logging import get_logger
from wagate.core.settings import Settings
from wagate.storage.database import Database, Tx
from wagate.web.principal import Scope

FILE_NAME = "admin.json"
DEFAULT_EMAIL = "admin@wagate.local"

#: A key of the operator's own choosing has no checksum to tell whether it is random; it must at least be long.
MIN_KEY_LENGTH = 16

_log = get_logger("accounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAdmin:
    """What the first administrator logs in and calls the API with."""

    email: str
    password: str
    key: str


async def ensure_admin(
    db: Database,
    settings: Settings,
    folder: Path,
    clock: Clock,
    entropy: Entropy = os.urandom,
    *,
    tell: Callable[[str], object] | None = None,
) -> FirstAdmin | None:
    """Make the first administrator if there is none; ``None`` if there is.

    ``tell`` is given the text that shows what was made at random.

    :raises StartupError: if a setting is too weak, or ``admin.json`` can't be read or written.
    """
    if await db.read(store.has_admin):
        await _check_key(db, settings)
        return None
    path = folder / FILE_NAME
    first = _choose(settings, await asyncio.to_thread(_read, path), entropy)
    await asyncio.to_thread(_write, path, first)
    password_hash = await hash_password(first.password)
    try:
        await db.write(lambda tx: _store(tx, first, password_hash, clock, entropy))
    except _AlreadyThere:
        # Another gateway on the same database was faster, and its key is the one that counts.
        await asyncio.to_thread(path.unlink)
        return None
    if tell is not None:
        tell(_announcement(settings, first, path))
    return first


class _AlreadyThere(Exception):
    """Somebody else made the first administrator meanwhile."""


async def _check_key(db: Database, settings: Settings) -> None:
    key = settings.admin_key.get_secret_value().strip()
    if key and await db.read(lambda tx: store.find_holder(tx, fingerprint(key))) is None:
        _log.warning("WAGATE_ADMIN_KEY opens nothing: it counts at the first start only")


def _choose(settings: Settings, begun: FirstAdmin | None, entropy: Entropy) -> FirstAdmin:
    email = settings.admin_email.strip().lower() or (begun.email if begun else DEFAULT_EMAIL)
    password = settings.admin_password.get_secret_value() or (begun.password if begun else "")
    key = settings.admin_key.get_secret_value().strip() or (begun.key if begun else "")
    if "@" not in email:
        raise StartupError("WAGATE_ADMIN_EMAIL is not an e-mail address")
    if password and len(password) < passwords.MIN_LENGTH:
        raise StartupError(f"WAGATE_ADMIN_PASSWORD must have at least {passwords.MIN_LENGTH} characters")
    if key and (len(key) < MIN_KEY_LENGTH or not _is_header_value(key)):
        raise StartupError(
            f"WAGATE_ADMIN_KEY must have at least {MIN_KEY_LENGTH} printable characters and no spaces",
            hint="leave it out and one is made at random",
        )
    return FirstAdmin(email=email, password=password or new_password(entropy), key=key or new_key(entropy))


def _is_header_value(key: str) -> bool:
    return key.isascii() and key.isprintable() and " " not in key


def _store(tx: Tx, first: FirstAdmin, password_hash: str, clock: Clock, entropy: Entropy) -> None:
    if store.has_admin(tx):
        raise _AlreadyThere
    now = clock.now()
    account = Account(id=AccountId.new(now, entropy), name="wagate", created_at=now)
    user = User(
        id=UserId.new(now, entropy),
        account_id=account.id,
        email=first.email,
        name="Admin",
        role=Role.OWNER,
        is_admin=True,
        created_at=now,
    )
    key = ApiKey(
        id=KeyId.new(now, entropy),
        account_id=account.id,
        user_id=user.id,
        name="First admin",
        hint=hint(first.key),
        scopes=frozenset({Scope.ADMIN}),
        sessions=None,
        created_at=now,
    )
    store.add_account(tx, account)
    if not store.add_user(tx, user, password_hash):
        if store.has_admin(tx):
            raise _AlreadyThere
        raise StartupError(f"the address {first.email} is taken by a user who is not an administrator")
    store.add_key(tx, key, fingerprint(first.key), free_form=not is_well_formed(first.key))
    audit.append(
        tx, Actor(), Action.ACCOUNT_CREATED, account.id, now=now, account_id=account.id, detail={"by": "first start"}
    )


def _announcement(settings: Settings, first: FirstAdmin, path: Path) -> str:
    shown = [f"  email     {first.email}"]
    if not settings.admin_password.get_secret_value():
        shown.append(f"  password  {first.password}")
    if not settings.admin_key.get_secret_value():
        shown.append(f"  API key   {first.key}")
    return "\n".join(["The first administrator (shown once, kept in", f"{path}):", *shown, ""])


def _read(path: Path) -> FirstAdmin | None:
    try:
        values = json.loads(path.read_text("utf-8"))
        return FirstAdmin(email=values["email"], password=values["password"], key=values["key"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise StartupError(
            f"{path} is damaged", hint="no administrator was made from it yet; delete it and start again"
        ) from error
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror}") from error


def _write(path: Path, first: FirstAdmin) -> None:
    draft = path.with_name(f"{path.name}.new")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(first), file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise StartupError(f"{path} cannot be written: {error.strerror}") from error
