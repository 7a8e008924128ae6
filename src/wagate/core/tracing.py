"""Traces: which request led to which stanza and which webhook, across processes and through the database.

Nothing is traced until a tracer is installed (:mod:`wagate.core.otel`), and then nothing here costs more than asking
for it. A place in a trace is told by W3C's ``traceparent``; rows keep it for whoever goes on later, elsewhere.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from typing import Final, Protocol


class Kind(Enum):
    """Which end of a call a span is."""

    SERVER = "server"
    CLIENT = "client"
    INTERNAL = "internal"


class Span(Protocol):
    """Something that takes time. Names and attributes hold no numbers of people, texts or keys."""

    @property
    def traceparent(self) -> str | None:
        """Where what this leads to hangs in the trace; ``None`` if nothing is traced."""
        ...

    def rename(self, name: str) -> None: ...

    def tell(self, name: str, value: str | int) -> None:
        """Add an attribute."""
        ...

    def fail(self, code: str) -> None:
        """Mark it as gone wrong."""
        ...


class Tracer(Protocol):
    """What is installed."""

    def span(
        self, name: str, kind: Kind, parent: str | None, attributes: Mapping[str, str]
    ) -> AbstractContextManager[Span]:
        """A span from enter to exit, below ``parent``, or below the one that this context is in."""
        ...

    def current(self) -> str | None:
        """The ``traceparent`` of the span that this context is in."""
        ...


class _Nothing:
    traceparent: Final = None

    def rename(self, name: str) -> None:
        pass

    def tell(self, name: str, value: str | int) -> None:
        pass

    def fail(self, code: str) -> None:
        pass


_NOTHING: Final[AbstractContextManager[Span]] = nullcontext(_Nothing())
_tracer: Tracer | None = None


def install(tracer: Tracer | None) -> None:
    """Trace from now on, in the whole process; ``None`` ends it."""
    global _tracer
    _tracer = tracer


def tracing() -> bool:
    """Whether anything is traced."""
    return _tracer is not None


def span(
    name: str, kind: Kind = Kind.INTERNAL, *, parent: str | None = None, **attributes: str
) -> AbstractContextManager[Span]:
    """A span for a ``with`` statement."""
    return _NOTHING if _tracer is None else _tracer.span(name, kind, parent, attributes)


def current() -> str | None:
    """The place in the trace of whatever is going on here."""
    return None if _tracer is None else _tracer.current()
