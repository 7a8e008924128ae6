"""The users of an account.

Whatever narrows what a user may do (another role, being disabled, another password) also ends their log-ins, so that a
token never says more than the user may. Those who run the gateway are changed only by one of them: an owner of their
account who gave one of them a password would become one.
"""

import os
from dataclasses import dataclass, replace

from wagate.accounts import store
from wagate.accounts.attempts import Attempts
from wagate.accounts.errors import (
    EmailTaken,
    GrantTooWide,
    LastOwner,
    LastPlatformAdmin,
    LoginNeeded,
    PasswordWrong,
    RunsTheGateway,
    TooManyAttempts,
    UserNotFound,
)
from wagate.accounts.model import Role, User, normal_email
from wagate.accounts.passwords import Passwords, check_strength, new_password
from wagate.accounts.service.accounts import Accounts
from wagate.accounts.service.logins import PER_ADDRESS
from wagate.audit import service as audit
from wagate.audit.model import Action
from wagate.core.clock import Clock
from wagate.core.ids import Entropy, UserId
from wagate.storage.database import Database, Tx
from wagate.web.principal import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """New values for some of a user's fields; ``None`` leaves one as it is."""

    name: str | None = None
    role: Role | None = None
    disabled: bool | None = None
    password: str | None = None

    @property
    def fields(self) -> list[str]:
        """The names of those that are given."""
        given = {"name": self.name, "role": self.role, "disabled": self.disabled, "password": self.password}
        return [name for name, value in given.items() if value is not None]


class Members:
    """Users, as an owner of their account sees them."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        accounts: Accounts,
        passwords: Passwords,
        attempts: Attempts,
        entropy: Entropy = os.urandom,
    ) -> None:
        self._db = db
        self._clock = clock
        self._accounts = accounts
        self._passwords = passwords
        self._attempts = attempts
        self._entropy = entropy

    async def page(self, principal: Principal, *, after: str | None, limit: int) -> list[User]:
        """The account's users, oldest first.

        :raises GrantTooWide: if the key is bound to sessions.
        """
        _check_reach(principal)
        return await self._db.read(lambda tx: store.list_users(tx, principal.account_id, after=after, limit=limit))

    async def get(self, principal: Principal, user_id: UserId) -> User:
        """:raises UserNotFound: if there is none such in the account. :raises GrantTooWide: as :meth:`page`."""
        _check_reach(principal)
        return await self._db.read(lambda tx: _get(tx, principal, user_id))

    async def add(
        self, principal: Principal, *, email: str, name: str, role: Role, password: str | None
    ) -> tuple[User, str | None]:
        """A new user, and the password that was made for them if none is given; it is not shown again.

        :raises EmailInvalid, EmailTaken, PasswordTooWeak, LoginsBusy: :raises GrantTooWide: as :meth:`page`.
        """
        _check_reach(principal)
        email = normal_email(email)
        made = None if password is not None else new_password(self._entropy)
        check_strength(password or made or "", email)
        kept = await self._passwords.hash(password or made or "")
        now = self._clock.now()
        user = User(
            id=UserId.new(now, self._entropy),
            account_id=principal.account_id,
            email=email,
            name=name,
            role=role,
            is_admin=False,
            created_at=now,
        )

        def work(tx: Tx) -> None:
            if not store.add_user(tx, user, kept):
                raise EmailTaken
            audit.append(tx, principal, Action.USER_CREATED, user.id, now=now, detail={"role": role})

        await self._db.write(work)
        return user, made

    async def change(self, principal: Principal, user_id: UserId, change: MemberChange) -> User:
        """Change a user of the account.

        :raises UserNotFound, PasswordTooWeak, LoginsBusy: :raises GrantTooWide: as :meth:`page`.
        :raises LastOwner, LastPlatformAdmin: if nobody could do any more what this user can.
        :raises RunsTheGateway: if the user runs the gateway and ``principal`` does not.
        """
        await self.get(principal, user_id)
        kept = None
        if change.password is not None:
            check_strength(change.password)
            kept = await self._passwords.hash(change.password)
        now = self._clock.now()

        def work(tx: Tx) -> User:
            store.lock_account(tx, principal.account_id)
            before = _get(tx, principal, user_id)
            _check_standing(principal, before)
            after = replace(
                before,
                name=before.name if change.name is None else change.name,
                role=change.role or before.role,
                disabled_at=before.disabled_at if change.disabled is None else now if change.disabled else None,
            )
            ends = kept is not None or (after.role, after.disabled_at) != (before.role, before.disabled_at)
            after = replace(after, token_epoch=before.token_epoch + ends)
            if before.is_owner and not after.is_owner:
                _check_dispensable(tx, before)
            extra = {} if kept is None else {"password_hash": kept}
            store.save_user(tx, after, **extra)
            detail = {"fields": change.fields, **({} if after.role is before.role else {"role": after.role})}
            audit.append(tx, principal, Action.USER_UPDATED, user_id, now=now, detail=detail)
            tx.after_commit(lambda: self._accounts.known.forget_user(user_id))
            return after

        return await self._db.write(work)

    async def remove(self, principal: Principal, user_id: UserId) -> None:
        """Forget a user; the keys that were made for them are revoked.

        :raises UserNotFound, LastOwner, LastPlatformAdmin, RunsTheGateway, GrantTooWide: as :meth:`change`.
        """
        _check_reach(principal)
        now = self._clock.now()

        def work(tx: Tx) -> None:
            store.lock_account(tx, principal.account_id)
            user = _get(tx, principal, user_id)
            _check_standing(principal, user)
            if user.is_owner:
                _check_dispensable(tx, user)
            revoked = store.remove_user(tx, user, now)
            audit.append(tx, principal, Action.USER_REMOVED, user_id, now=now, detail={"revokedKeys": revoked})
            tx.after_commit(lambda: self._accounts.known.forget_user(user_id))

        await self._db.write(work)

    async def change_self(self, principal: Principal, *, name: str | None, password: str | None, current: str) -> User:
        """Change one's own name, or one's password, for which the current one must be known. Another password ends
        every log-in, also the one that asks.

        :raises LoginNeeded: if a key asks. :raises PasswordWrong: if ``current`` is needed and is another.
        :raises PasswordTooWeak, TooManyAttempts, LoginsBusy:
        """
        user_id = principal.user_id
        if user_id is None or principal.key_id is not None:
            raise LoginNeeded
        kept = None
        if password is not None:
            kept = await self._new_password(principal, user_id, password, current)
        now = self._clock.now()

        def work(tx: Tx) -> User:
            store.lock_account(tx, principal.account_id)
            before = _get(tx, principal, user_id)
            after = replace(
                before,
                name=before.name if name is None else name,
                token_epoch=before.token_epoch + (kept is not None),
            )
            if kept is None:
                store.save_user(tx, after)
                audit.append(tx, principal, Action.USER_UPDATED, user_id, now=now, detail={"fields": ["name"]})
            else:
                store.save_user(tx, after, password_hash=kept)
                audit.append(tx, principal, Action.USER_PASSWORD_CHANGED, user_id, now=now)
            tx.after_commit(lambda: self._accounts.known.forget_user(user_id))
            return after

        return await self._db.write(work)

    async def _new_password(self, principal: Principal, user_id: UserId, password: str, current: str) -> str:
        wait = await self._attempts.take(PER_ADDRESS, user_id)
        if wait > 0:
            raise TooManyAttempts(retry_after=max(1, int(wait)))
        found = await self._db.read(lambda tx: store.password_of(tx, principal.account_id, user_id))
        if not await self._passwords.fits(current, found):
            raise PasswordWrong
        await self._attempts.give_back(PER_ADDRESS, user_id)
        check_strength(password)
        return await self._passwords.hash(password)


def _get(tx: Tx, principal: Principal, user_id: UserId) -> User:
    found = store.user(tx, principal.account_id, user_id)
    if found is None:
        raise UserNotFound
    return found


def _check_reach(principal: Principal) -> None:
    """A key that reaches some sessions only must not make a user who reaches all."""
    if principal.sessions is not None:
        raise GrantTooWide("This key is bound to sessions; users reach all of them")


def _check_standing(principal: Principal, user: User) -> None:
    if user.is_admin and not principal.is_admin:
        raise RunsTheGateway


def _check_dispensable(tx: Tx, owner: User) -> None:
    if not store.other_owners(tx, owner):
        raise LastOwner
    if owner.is_admin and not store.other_admins(tx, owner):
        raise LastPlatformAdmin
