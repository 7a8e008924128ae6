"""Prefixed, time-sortable ids: ``ses_01jd…``. Each kind is a type of its own with a parser.

The body is 26 characters of Crockford's base 32, as in a ULID: 48 bits of milliseconds, then 80 random bits.
Ids made later sort later (within a millisecond their order is random).
"""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_BODY_LENGTH = 26
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_RANDOM_BYTES = 10

Entropy = Callable[[int], bytes]


class Id(str):
    """An identifier whose prefix says what it names."""

    __slots__ = ()
    prefix: ClassVar[str] = ""

    @classmethod
    def new(cls, now: datetime, entropy: Entropy = os.urandom) -> Self:
        """Make an id that sorts by ``now``."""
        # In whole numbers: seconds as a float can't tell every millisecond from the next.
        value = (now - _EPOCH) // _MILLISECOND << (8 * _RANDOM_BYTES)
        value |= int.from_bytes(entropy(_RANDOM_BYTES), "big")
        body = "".join(_ALPHABET[(value >> shift) & 31] for shift in range(5 * (_BODY_LENGTH - 1), -1, -5))
        return cls(f"{cls.prefix}_{body}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id.

        :raises ValueError: if ``text`` is not an id of this kind.
        """
        prefix, _, body = text.partition("_")
        if prefix != cls.prefix or len(body) != _BODY_LENGTH or any(c not in _ALPHABET for c in body):
            raise ValueError(f"not an id of the form {cls.prefix}_…: {text[:40]!r}")
        return cls(text)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> "CoreSchema":
        """Ids may stand in request and response models and in paths; a string that is none is refused."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(pattern=cls.pattern()))

    @classmethod
    def pattern(cls) -> str:
        """What the whole text matches, as JSON Schema has it."""
        return f"^{cls.prefix}_[{_ALPHABET}]{{{_BODY_LENGTH}}}$"


class AccountId(Id):
    prefix = "acc"


class UserId(Id):
    prefix = "usr"


class KeyId(Id):
    prefix = "key"


class AuditId(Id):
    prefix = "aud"


class SessionId(Id):
    prefix = "ses"


class MessageId(Id):
    prefix = "msg"


class MediaId(Id):
    prefix = "med"


class EventId(Id):
    prefix = "evt"


class EndpointId(Id):
    prefix = "whe"


class DeliveryId(Id):
    prefix = "whd"


class WorkerId(Id):
    """Also a name that an operator gave a worker, such as ``worker-001``."""

    prefix = "wrk"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id or a name.

        :raises ValueError: if ``text`` is neither.
        """
        if "\n" in text or not re.match(cls.pattern(), text):
            raise ValueError(f"not the name of a worker: {text[:40]!r}")
        return cls(text)

    @classmethod
    def pattern(cls) -> str:
        """Anything that may stand in a URL's path and in a log as it is."""
        return r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
