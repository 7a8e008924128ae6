"""What one stream wants to hear."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from wagate.core.ids import SessionId
from wagate.events.model import Event, EventType
from wagate.realtime.errors import TooManyRooms

#: Each is looked for in the log again and again. Who watches more than these can as well hear all.
MAX_ROOMS: Final = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a stream tells: no types mean all, and ``None`` means whatever the session."""

    types: frozenset[EventType] = frozenset()
    sessions: frozenset[SessionId] | None = None

    def includes(self, event: Event) -> bool:
        """Whether a stream tells this one."""
        return (not self.types or event.type in self.types) and (
            self.sessions is None or event.session_id in self.sessions
        )


class Rooms:
    """The sessions that a socket joined. In none of them it hears all that it may see."""

    def __init__(self, visible: frozenset[SessionId] | None, types: frozenset[EventType]) -> None:
        """``visible`` are the sessions of a key that is bound to some."""
        self._visible = visible
        self._types = types
        self._joined: frozenset[SessionId] = frozenset()
        self.wanted = self._made()

    def lacks(self, session: SessionId) -> bool:
        """Whether it is yet to be joined."""
        return session not in self._joined

    def check_room(self, sessions: Iterable[SessionId]) -> None:
        """:raises TooManyRooms: if with these it would be more than :data:`MAX_ROOMS`."""
        if len(self._joined.union(sessions)) > MAX_ROOMS:
            raise TooManyRooms(f"A socket may join {MAX_ROOMS} sessions")

    def join(self, sessions: Iterable[SessionId]) -> None:
        """Hear of these too, or of them alone if there are none yet. Who calls has looked whether they may be heard.

        :raises TooManyRooms: as :meth:`check_room`; nothing has changed then.
        """
        self.check_room(sessions)
        self._change(self._joined.union(sessions))

    def leave(self, session: SessionId) -> None:
        """Hear of it no more, or of all again if it was the last. Leaving what was not joined changes nothing."""
        self._change(self._joined - {session})

    def _change(self, joined: frozenset[SessionId]) -> None:
        if joined != self._joined:
            self._joined = joined
            self.wanted = self._made()

    def _made(self) -> Wanted:
        return Wanted(self._types, self._joined or self._visible)
