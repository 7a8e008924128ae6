"""The codes on show: QR codes, pairing codes, and questions for a passkey. Whoever has one can take part in linking an
account, so they are kept in memory (or Redis) while they hold and are never written to the database.

Events are rows of the database, so those that tell of a code are stored without it, and
:meth:`Codes.enrich` puts it in when the event is delivered, if it still holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, TypeGuard

import msgspec

from wagate.core.clock import Clock
from wagate.core.ids import SessionId
from wagate.sessions import qr
from wagate.sessions.model import timestamp

#: The longest that a QR code is kept, whatever it says of itself.
QR_SECONDS: Final = 120.0


class KeyValues(Protocol):
    """Where short-lived values are kept (storage.bus.Kv)."""

    async def set(self, key: str, value: str, ttl_seconds: float) -> None: ...

    async def get(self, key: str) -> str | None: ...

    async def delete(self, key: str) -> None: ...


class LoggedEvent(Protocol):
    """The part of an event that :meth:`Codes.enrich` looks at."""

    @property
    def type(self) -> str: ...

    @property
    def session_id(self) -> SessionId | None: ...

    @property
    def data(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCode:
    """A code and how long it holds. ``version`` counts the codes of one attempt to link. The code of a passkey's
    question is the JSON text of its options.
    """

    code: str
    expires_at: datetime
    version: int = 0


class Codes:
    """The codes on show, by session."""

    def __init__(self, kv: KeyValues, clock: Clock) -> None:
        self._kv = kv
        self._clock = clock

    async def show_qr(self, session: SessionId, shown: ShownCode) -> None:
        await self._set(_qr_key(session), shown, QR_SECONDS)

    async def show_pairing(self, session: SessionId, shown: ShownCode) -> None:
        await self._set(_pairing_key(session), shown, float("inf"))

    async def show_passkey(self, session: SessionId, shown: ShownCode) -> None:
        """Put a question for a passkey in the place of the QR code, which is of no use from then on."""
        await self._kv.delete(_qr_key(session))
        await self._set(_passkey_key(session), shown, float("inf"))

    async def passkey(self, session: SessionId) -> ShownCode | None:
        return await self._get(_passkey_key(session))

    async def qr(self, session: SessionId) -> ShownCode | None:
        return await self._get(_qr_key(session))

    async def pairing(self, session: SessionId) -> ShownCode | None:
        return await self._get(_pairing_key(session))

    async def clear(self, session: SessionId) -> None:
        """Take every code of the session down."""
        await self._kv.delete(_qr_key(session))
        await self._kv.delete(_pairing_key(session))
        await self._kv.delete(_passkey_key(session))

    async def enrich(self, event: LoggedEvent) -> dict[str, Any]:
        """The data of an event as delivered, with the code that it tells of while that holds: ``qrString`` and
        ``qrCode``, ``code``, or ``publicKey``.
        """
        data = dict(event.data)
        if event.session_id is None:
            return data
        if event.type == "session.qr":
            shown = await self.qr(event.session_id)
            if _is_of(shown, data):
                data["qrString"] = shown.code
                data["qrCode"] = qr.data_url(shown.code)
        elif event.type == "session.pairing_code":
            shown = await self.pairing(event.session_id)
            if _is_of(shown, data):
                data["code"] = shown.code
        elif event.type == "session.passkey":
            shown = await self.passkey(event.session_id)
            if _is_of(shown, data):
                data["publicKey"] = msgspec.json.decode(shown.code)
        return data

    async def _set(self, key: str, shown: ShownCode, longest: float) -> None:
        holds = (shown.expires_at - self._clock.now()).total_seconds()
        if holds > 0:
            await self._kv.set(key, msgspec.json.encode(shown).decode(), min(longest, holds))

    async def _get(self, key: str) -> ShownCode | None:
        text = await self._kv.get(key)
        if text is None:
            return None
        shown = msgspec.json.decode(text, type=ShownCode)
        return shown if shown.expires_at > self._clock.now() else None


def announced(shown: ShownCode) -> dict[str, Any]:
    """What an event says of a code without telling it."""
    return {"expiresAt": timestamp(shown.expires_at), "version": shown.version}


def _is_of(shown: ShownCode | None, data: Mapping[str, Any]) -> TypeGuard[ShownCode]:
    # An event that is read late must not carry the code of a later one.
    return shown is not None and announced(shown).items() <= data.items()


def _qr_key(session: SessionId) -> str:
    return f"qr:{session}"


def _passkey_key(session: SessionId) -> str:
    return f"passkey:{session}"


def _pairing_key(session: SessionId) -> str:
    return f"pairing:{session}"
