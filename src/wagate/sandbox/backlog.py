"""What a device has not acknowledged yet: the server keeps it and sends it again at the next login."""

from collections.abc import Iterator
from itertools import count

from wagate.wire.node import Node

#: Nobody stays away long enough to matter; the oldest stanzas give way.
MAX_KEPT = 100_000

_KEPT = frozenset(("message", "receipt", "notification"))


class Backlog:
    """Stanzas in the order of their first sending, found by tag and id."""

    def __init__(self, limit: int = MAX_KEPT) -> None:
        self._limit = limit
        self._stanzas: dict[int, Node] = {}
        self._found: dict[tuple[str, str], list[int]] = {}
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._stanzas)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._stanzas.values())

    def keep(self, stanza: Node) -> None:
        """Keep a message, receipt or notification; the same one sent again takes the place of the first."""
        if stanza.tag not in _KEPT:
            return
        numbers = self._found.setdefault((stanza.tag, stanza.get("id")), [])
        for number in numbers:
            if _same(self._stanzas[number], stanza):
                self._stanzas[number] = stanza
                return
        number = next(self._numbers)
        numbers.append(number)
        self._stanzas[number] = stanza
        if len(self._stanzas) > self._limit:
            oldest = next(iter(self._stanzas))
            self._drop(oldest, self._stanzas[oldest])

    def release(self, tag: str, stanza_id: str, type_: str | None = None, participant: str | None = None) -> None:
        """The device has it. ``None`` stands for any."""
        for number in list(self._found.get((tag, stanza_id), ())):
            stanza = self._stanzas[number]
            if type_ not in (None, stanza.get("type")) or participant not in (None, stanza.get("participant")):
                continue
            self._drop(number, stanza)

    def release_oldest(self, tag: str, stanza_id: str, type_: str, participant: str) -> None:
        """The device has the first of what may be several stanzas with these attributes."""
        for number in self._found.get((tag, stanza_id), ()):
            stanza = self._stanzas[number]
            if (stanza.get("type"), stanza.get("participant")) == (type_, participant):
                self._drop(number, stanza)
                return

    def release_empty(self, stanza_id: str) -> None:
        """The device has a message in which there was nothing to decrypt."""
        for number in list(self._found.get(("message", stanza_id), ())):
            if self._stanzas[number].child("enc") is None:
                self._drop(number, self._stanzas[number])

    def _drop(self, number: int, stanza: Node) -> None:
        del self._stanzas[number]
        key = (stanza.tag, stanza.get("id"))
        self._found[key].remove(number)
        if not self._found[key]:
            del self._found[key]


def _same(one: Node, other: Node) -> bool:
    # Each time that a message is asked for again counts.
    return _retry(one) == _retry(other) and all(
        one.get(name) == other.get(name) for name in ("from", "participant", "type")
    )


def _retry(node: Node) -> str:
    retry = node.child("retry")
    return retry.get("count") if retry is not None else ""
