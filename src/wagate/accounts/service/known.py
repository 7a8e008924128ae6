"""Who was looked up a moment ago, so that not every request asks the database."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wagate.accounts.model import Holder, Login
from wagate.core.clock import Clock
from wagate.core.ids import AccountId, UserId
from wagate.web.principal import Principal

#: What is revoked must be refused within a second everywhere. The process that revokes it forgets it at once; the
#: others believe what they read for so many seconds.
CACHE_SECONDS: Final = 0.8
#: Credentials that are in use at the same time, not those that exist.
CACHE_SIZE: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What a credential stands for, believed until a moment of the monotonic clock."""

    holder: Holder | Login
    principal: Principal
    until: float


@dataclass(frozen=True, slots=True)
class LookUp:
    """A look-up that has begun: what it reads is true as of now, unless something is forgotten before it ends."""

    until: float
    forgotten: int


class Known:
    """Credentials by their fingerprints."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._remembered: dict[bytes, Remembered] = {}
        self._forgotten = 0

    def __len__(self) -> int:
        return len(self._remembered)

    def get(self, fingerprint: bytes) -> Remembered | None:
        """What is believed of a credential."""
        found = self._remembered.get(fingerprint)
        return None if found is None or found.until <= self._clock.monotonic() else found

    def begin(self) -> LookUp:
        """Say, before the database is asked, that it will be."""
        return LookUp(self._clock.monotonic() + CACHE_SECONDS, self._forgotten)

    def end(self, look_up: LookUp, fingerprint: bytes, holder: Holder | Login | None) -> Remembered | None:
        """What the database said; ``None`` if it knows nobody."""
        self._remembered.pop(fingerprint, None)
        if holder is None:
            return None
        found = Remembered(holder=holder, principal=holder.principal(), until=look_up.until)
        # If it was read before something was revoked, it may be just that.
        if look_up.forgotten == self._forgotten:
            if len(self._remembered) >= CACHE_SIZE:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[fingerprint] = found
        return found

    def forget(self, fingerprint: bytes) -> None:
        """Ask anew about a credential."""
        self._forgotten += 1
        self._remembered.pop(fingerprint, None)

    def forget_user(self, user_id: UserId) -> None:
        """Ask anew about a user's tokens and keys."""
        self._forget(lambda holder: holder.user is not None and holder.user.id == user_id)

    def forget_account(self, account_id: AccountId) -> None:
        """Ask anew about all of an account's credentials."""
        self._forget(lambda holder: holder.account.id == account_id)

    def _forget(self, whose: Callable[[Holder | Login], bool]) -> None:
        self._forgotten += 1
        for fingerprint in [key for key, found in self._remembered.items() if whose(found.holder)]:
            del self._remembered[fingerprint]
