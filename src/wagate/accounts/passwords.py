"""Passwords: what is kept of them, and finding out whether one is right.

Argon2id takes 19 MiB and tens of milliseconds for each. So it runs on threads, two at a time, and whoever would have to
wait behind many others is sent away instead.
"""

import asyncio
import string
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from wagate.accounts.errors import LoginsBusy, PasswordTooWeak
from wagate.core.ids import Entropy

if TYPE_CHECKING:
    from argon2 import PasswordHasher

#: NIST SP 800-63B asks for eight at least.
MIN_LENGTH: Final = 8
#: Longer than any passphrase; what is hashed should have a bound.
MAX_LENGTH: Final = 256
#: OWASP's second choice for argon2id: as hard as the first, and several log-ins at once don't take all the memory.
_ARGON2_KIB: Final = 19 * 1024
_ARGON2_PASSES: Final = 2
#: More would take processors from requests that are let in already.
_AT_ONCE: Final = 2
#: Some two seconds of work for two threads; browsers and people wait that long.
_MAX_WAITING: Final = 64
_RANDOM_LENGTH: Final = 18

#: Of the strength of all others. Whether a password fits it is never told, so it need not be a secret.
_NOBODYS: Final = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$8Hq1uiCz8vOX3aUJmqxDQ0rMMm8z6x7dGIP77fLISAw"


def check_strength(password: str, email: str = "") -> None:
    """:raises PasswordTooWeak: if it should not be one."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise PasswordTooWeak(f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    if email and password.strip().lower() == email:
        raise PasswordTooWeak("The password must not be the e-mail address")


def new_password(entropy: Entropy) -> str:
    """A password of 107 random bits."""
    alphabet = string.ascii_letters + string.digits
    # 62 of 256 values, so a byte may only be used if it does not favour the first letters.
    letters = [alphabet[byte % 62] for byte in entropy(4 * _RANDOM_LENGTH) if byte < 248]
    return "".join(letters[:_RANDOM_LENGTH])


async def hash_password(password: str) -> str:
    """Argon2id in its standard text form; takes tens of milliseconds on a thread of its own."""
    return await asyncio.to_thread(lambda: _hasher().hash(_hashable(password)))


class Passwords:
    """Hashes for many people at once, without taking the machine."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """What is kept of a password.

        :raises LoginsBusy: if too many wait already.
        """
        async with self._turn():
            return await hash_password(password)

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether this is the password of which ``kept`` was kept. With ``None`` it never is, and takes as long.

        :raises LoginsBusy: if too many wait already.
        """
        async with self._turn():
            fits = await asyncio.to_thread(_verify, kept or _NOBODYS, password)
        return fits and kept is not None

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= _MAX_WAITING:
            raise LoginsBusy(retry_after=2)
        self._waiting += 1
        try:
            async with self._turns:
                yield
        finally:
            self._waiting -= 1


def _verify(kept: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(kept, _hashable(password))
    except (VerificationError, InvalidHashError):
        return False


def _hasher() -> "PasswordHasher":
    # Only the first start and log-ins need it.
    from argon2 import PasswordHasher

    return PasswordHasher(memory_cost=_ARGON2_KIB, time_cost=_ARGON2_PASSES, parallelism=1)


def _hashable(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
