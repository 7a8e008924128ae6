"""The token of a log-in: a JWT (HS256) that names the user, the account and the user's epoch.

It is signed with a key derived from the key ring's newest key and good under any of them, so a rotation of the ring
logs nobody out. A user's epoch is raised by whatever must end their log-ins (another password, another role, a
log-out); a token of a former epoch is refused wherever the user is looked up.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from wagate.core.clock import Clock
from wagate.core.errors import Unauthorized
from wagate.core.ids import AccountId, UserId
from wagate.core.seal import KeyRing

_PURPOSE: Final = b"login token"
_ALGORITHM: Final = "HS256"
_ISSUER: Final = "wagate"
#: A token of ours has some 350; what is longer is none, and need not be decoded to know.
_MAX_LENGTH: Final = 1024
#: After this no time can be told (the year 9999), so a token that names a later end is none of ours.
_END_OF_TIME: Final = 253_402_300_799


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says, proven by its signature alone: its user may be gone, and its epoch over."""

    user_id: UserId
    account_id: AccountId
    epoch: int
    expires_at: datetime


class Tokens:
    """Makes and reads them."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock

    def make(self, user_id: UserId, account_id: AccountId, epoch: int, life: timedelta) -> tuple[str, datetime]:
        """A token for this user, and when it expires (a whole second)."""
        import jwt

        now = self._clock.now()
        expires_at = (now + life).replace(microsecond=0)
        claims = {
            "iss": _ISSUER,
            "sub": user_id,
            "acc": account_id,
            "ver": epoch,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        key_id, key = next(iter(self._ring.derive(_PURPOSE).items()))
        return jwt.encode(claims, key, algorithm=_ALGORITHM, headers={"kid": key_id}), expires_at

    def read(self, token: str) -> Claims:
        """:raises Unauthorized: if we did not make it, or it has expired."""
        claims = _verified(token, self._ring.derive(_PURPOSE))
        try:
            user_id, account_id = UserId.parse(claims["sub"]), AccountId.parse(claims["acc"])
            epoch, end = claims["ver"], claims["exp"]
        except (KeyError, ValueError, AttributeError, TypeError):
            raise Unauthorized from None
        if type(epoch) is not int or type(end) is not int or not 0 < end < _END_OF_TIME:
            raise Unauthorized
        expires_at = datetime.fromtimestamp(end, UTC)
        if expires_at <= self._clock.now():
            raise Unauthorized
        return Claims(user_id=user_id, account_id=account_id, epoch=epoch, expires_at=expires_at)


def looks_like_token(credential: str) -> bool:
    """Whether this can be a token at all. An API key has no dots."""
    return credential.count(".") == 2 and len(credential) <= _MAX_LENGTH and credential.isascii()


def _verified(token: str, keys: dict[str, bytes]) -> dict[str, Any]:
    import jwt

    if not looks_like_token(token):
        raise Unauthorized
    try:
        key = keys.get(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise Unauthorized
        return jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            # By our own clock, and not by the library's.
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise Unauthorized from None
