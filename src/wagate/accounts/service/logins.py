"""Registering, logging in and logging out.

Whoever tries passwords learns nothing but whether one is right: an unknown address, a wrong password and a user who may
not log in are answered alike, after as much work.
"""

import hashlib
import os
from datetime import timedelta
from ipaddress import ip_network
from typing import Final

from wagate.accounts import store
from wagate.accounts.attempts import Allowance, Attempts
from wagate.accounts.errors import EmailTaken, LoginFailed, LoginNeeded, RegistrationClosed, TooManyAttempts
from wagate.accounts.model import Account, NewLogin, Role, User, normal_email
from wagate.accounts.passwords import Passwords, check_strength
from wagate.accounts.service.accounts import Accounts
from wagate.accounts.service.platform import Platform
from wagate.audit import service as audit
from wagate.audit.model import Action, Actor
from wagate.core.clock import Clock
from wagate.core.ids import AccountId, Entropy, UserId
from wagate.storage.database import Database, Tx
from wagate.storage.rates import Subject
from wagate.web.principal import Origin, Principal

#: A person mistypes a few times; a thousand guesses a day at one address are no danger to a password of eight.
PER_ADDRESS: Final = Allowance(subject=Subject.LOGIN_ADDRESS, tries=10, seconds=15 * 60)
#: An office behind one address has several people.
PER_IP: Final = Allowance(subject=Subject.LOGIN_IP, tries=30, seconds=15 * 60)
#: Each is an account and a hash to compute.
REGISTRATIONS: Final = Allowance(subject=Subject.REGISTER_IP, tries=10, seconds=60 * 60)


class Logins:
    """The door."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        accounts: Accounts,
        platform: Platform,
        passwords: Passwords,
        attempts: Attempts,
        entropy: Entropy = os.urandom,
    ) -> None:
        self._db = db
        self._clock = clock
        self._accounts = accounts
        self._platform = platform
        self._passwords = passwords
        self._attempts = attempts
        self._entropy = entropy

    async def register(self, email: str, password: str, name: str, origin: Origin) -> NewLogin:
        """A new account with its owner, who is logged in.

        :raises RegistrationClosed: if strangers can't have one.
        :raises EmailInvalid, PasswordTooWeak: if these can't be used. :raises EmailTaken: if somebody has the address.
        :raises TooManyAttempts, LoginsBusy: if this must wait.
        """
        settings = await self._platform.settings()
        if settings.registration != "open":
            raise RegistrationClosed
        email = normal_email(email)
        check_strength(password, email)
        await self._take(REGISTRATIONS, _network(origin.ip))
        kept = await self._passwords.hash(password)
        now = self._clock.now()
        account = Account(id=AccountId.new(now, self._entropy), name=name or email, created_at=now)
        user = User(
            id=UserId.new(now, self._entropy),
            account_id=account.id,
            email=email,
            name=name,
            role=Role.OWNER,
            is_admin=False,
            created_at=now,
        )
        actor = Actor(user_id=user.id, origin=origin)

        def work(tx: Tx) -> None:
            store.add_account(tx, account)
            if not store.add_user(tx, user, kept):
                raise EmailTaken
            for action, target in ((Action.ACCOUNT_CREATED, account.id), (Action.USER_CREATED, user.id)):
                audit.append(tx, actor, action, target, now=now, account_id=account.id)

        await self._db.write(work)
        return self._logged_in(account, user, settings.login_hours)

    async def log_in(self, email: str, password: str, origin: Origin) -> NewLogin:
        """A token for the user of this address.

        :raises LoginFailed: whatever is wrong. :raises TooManyAttempts, LoginsBusy: if this must wait.
        """
        address = email.strip().lower()
        tried = ((PER_IP, _network(origin.ip)), (PER_ADDRESS, hashlib.sha256(address.encode()).hexdigest()))
        for allowance, who in tried:
            await self._take(allowance, who)
        found = await self._db.read(lambda tx: store.find_password(tx, address))
        fits = await self._passwords.fits(password, None if found is None else found[2])
        if found is None:
            await self._failed(None, None, origin)
            raise LoginFailed
        user, account, _ = found
        if not fits or user.disabled_at is not None or account.disabled_at is not None:
            await self._failed(account.id, user.id, origin)
            raise LoginFailed
        for allowance, who in tried:
            await self._attempts.give_back(allowance, who)
        settings = await self._platform.settings()
        now, actor = self._clock.now(), Actor(user_id=user.id, origin=origin)
        await self._db.write(
            lambda tx: audit.append(tx, actor, Action.USER_LOGGED_IN, user.id, now=now, account_id=account.id)
        )
        return self._logged_in(account, user, settings.login_hours)

    async def log_out(self, principal: Principal) -> None:
        """End every log-in of the user, in whichever browser it is.

        :raises LoginNeeded: if a key asks.
        """
        user_id = principal.user_id
        if user_id is None or principal.key_id is not None:
            raise LoginNeeded
        now = self._clock.now()

        def work(tx: Tx) -> None:
            store.end_logins(tx, principal.account_id, user_id)
            audit.append(tx, principal, Action.USER_LOGGED_OUT, user_id, now=now)
            tx.after_commit(lambda: self._accounts.known.forget_user(user_id))

        await self._db.write(work)

    def _logged_in(self, account: Account, user: User, hours: int) -> NewLogin:
        token, expires_at = self._accounts.tokens.make(user.id, account.id, user.token_epoch, timedelta(hours=hours))
        return NewLogin(account=account, user=user, token=token, expires_at=expires_at)

    async def _failed(self, account_id: AccountId | None, user_id: UserId | None, origin: Origin) -> None:
        # What was typed as an address is not kept: it may be the password.
        now = self._clock.now()
        await self._db.write(
            lambda tx: audit.append(
                tx, Actor(origin=origin), Action.USER_LOGIN_FAILED, user_id, now=now, account_id=account_id
            )
        )

    async def _take(self, allowance: Allowance, who: str) -> None:
        wait = await self._attempts.take(allowance, who)
        if wait > 0:
            raise TooManyAttempts(retry_after=wait)


def _network(ip: str | None) -> str:
    """Whom an address belongs to: of IPv6 a customer has at least 2**64 addresses."""
    if ip is None or ":" not in ip:
        return ip or "unknown"
    return str(ip_network(f"{ip}/64", strict=False))
