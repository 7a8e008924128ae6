"""Damage to bytes, JSON and stanzas, out of a seeded generator."""

import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

from wagate.wire.jid import Jid
from wagate.wire.node import Attr, Node

#: Where lengths, counters and signs turn over.
NUMBERS = (0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 127, 128, 255, 256, 2_000, 2_001, 32_767, 65_535, 65_536)
LARGE = (2**24 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1)
TEXTS = (
    *("", "0", "-1", "²", "٣", "1e9", "NaN", "\0", "\ud7ff", "é" * 40, "9" * 5_000, "99999999999999999999", "@", ":@"),
    *("a@b@c", "1:2:3@lid", "1:999@s.whatsapp.net", "1:1000@lid", "@g.us", "x@UPPER", "491700000001@s.whatsapp.net"),
    *("retry", "error", "result", "true", "__proto__", "../../x", "%s%n"),
)


class Mutator:
    """Draws from ``rng``; the same generator gives the same damage."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def some(self, data: bytes, other: bytes = b"") -> bytes:
        """``data`` with one to four things wrong; ``other`` is what it may be spliced with."""
        for _ in range(self.rng.choice((1, 1, 1, 2, 4))):
            data = self.rng.choice(_DAMAGES)(self.rng, data, other or data)
        return data

    def maybe(self, data: bytes) -> bytes:
        """Wrong in half of the cases."""
        return self.some(data) if self.rng.random() < 0.5 else data

    def number(self) -> int:
        return self.rng.choice((self.rng.choice(NUMBERS), self.rng.choice(LARGE), self.rng.getrandbits(32)))

    def text(self) -> str:
        return self.rng.choice((self.rng.choice(TEXTS), str(self.number()), self.rng.randbytes(3).hex()))

    # -- JSON

    def value(self, value: Any) -> Any:
        """JSON with one place changed."""
        if isinstance(value, dict) and value and self.rng.random() < 0.85:
            key = self.rng.choice(list(value))
            return {**value, key: self.value(value[key])}
        if isinstance(value, list) and value and self.rng.random() < 0.85:
            at = self.rng.randrange(len(value))
            return [*value[:at], self.value(value[at]), *value[at + 1 :]]
        if isinstance(value, str) and value and self.rng.random() < 0.4:
            at = self.rng.randrange(len(value))
            return self.rng.choice((value[:at], value[at:], value * 2, value[:at] + self.text() + value[at:]))
        return self.anything()

    def anything(self, depth: int = 2) -> Any:
        kind = self.rng.randrange(9 if depth else 7)
        if kind == 0:
            return None
        if kind == 1:
            return self.rng.choice((self.number(), -self.number(), 10**40))
        if kind == 2:
            return self.rng.choice((0.5, -1e308, 1e308, float("inf"), float("nan")))
        if kind == 3:
            return self.rng.random() < 0.5
        if kind == 4:
            return {"type": "Buffer", "data": self.rng.choice((self.text(), [self.number()], [-1], [0.5]))}
        if kind in (5, 6):
            return self.text()
        if kind == 7:
            return [self.anything(depth - 1) for _ in range(self.rng.randrange(4))]
        return {self.text(): self.anything(depth - 1) for _ in range(self.rng.randrange(4))}

    # -- stanzas

    def node(self, node: Node, pool: Sequence[Node]) -> Node:
        """A stanza with a few places changed; ``pool`` has what may be grafted into it."""
        for _ in range(self.rng.choice((1, 1, 2, 5))):
            node = self._node(node, pool)
        return node

    def _node(self, node: Node, pool: Sequence[Node]) -> Node:
        rng, children = self.rng, list(node.children)
        if children and rng.random() < 0.6:
            at = rng.randrange(len(children))
            children[at] = self._node(children[at], pool)
            return Node(node.tag, node.attrs, children)
        attrs = dict(node.attrs)
        match rng.randrange(9):
            case 0 if attrs:
                del attrs[rng.choice(list(attrs))]
            case 1 | 2 if attrs:
                attrs[rng.choice(list(attrs))] = self._attr()
            case 3:
                donor = rng.choice(pool)
                attrs |= {rng.choice(list(donor.attrs) or ["x"]): self._attr()}
            case 4:
                return Node(node.tag, attrs, self._content(node, pool))
            case 5 if children:
                at = rng.randrange(len(children))
                children[at : at + 1] = [children[at]] * rng.choice((0, 2, 40))
                return Node(node.tag, attrs, children)
            case 6:
                return Node(node.tag, attrs, [*children, rng.choice(pool)])
            case 7:
                return Node(rng.choice(pool).tag, attrs, node.content)
            case _:
                if isinstance(node.content, bytes):
                    return Node(node.tag, attrs, self.some(node.content))
        return Node(node.tag, attrs, node.content)

    def _attr(self) -> Attr:
        if self.rng.random() < 0.3:
            user = self.rng.choice(("", "1", "491700000001", "é", "1-2"))
            server, most = self.rng.choice(
                (("s.whatsapp.net", 255), ("lid", 255), ("g.us", 0), ("x y", 0), ("msgr", 65_535), ("interop", 65_535))
            )
            device = self.rng.choice((0, most)) if user else 0
            return Jid("7-9" if server == "interop" and device else user, server, device)
        return self.text()

    def _content(self, node: Node, pool: Sequence[Node]) -> Any:
        rng = self.rng
        deep = Node("deep", {}, b"")
        for _ in range(rng.choice((3, 40))):
            deep = Node("deep", {}, [deep])
        return rng.choice((None, b"", rng.randbytes(40), self.text().encode(), [], [deep], [rng.choice(pool)]))


def _flip(rng: random.Random, data: bytes, _: bytes) -> bytes:
    out = bytearray(data or b"\0")
    out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def _set(rng: random.Random, data: bytes, _: bytes) -> bytes:
    out = bytearray(data or b"\0")
    out[rng.randrange(len(out))] = rng.choice((0, 1, 2, 3, 127, 128, *range(236, 256), rng.randrange(256)))
    return bytes(out)


def _truncate(rng: random.Random, data: bytes, _: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _drop(rng: random.Random, data: bytes, _: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.choice((1, 2, 3, 8, 32)) :]


def _insert(rng: random.Random, data: bytes, _: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.choice((1, 2, 4, 33))) + data[at:]


def _repeat(rng: random.Random, data: bytes, _: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    piece = data[at : at + rng.choice((1, 2, 3, 8, 40))]
    return data[:at] + piece * rng.choice((2, 3, 60, 400)) + data[at:]


def _splice(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _length(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """A number written over what may be a length or a counter, in one of the forms that formats have for them."""
    at, number = rng.randrange(len(data) + 1), rng.choice((*NUMBERS, *LARGE))
    form: Callable[[int], bytes] = rng.choice(
        (_varint, lambda n: (n & 255).to_bytes(1, "big"), _big(2), _big(3), _big(4))
    )
    written = form(number)
    return data[:at] + written + data[at + len(written) :]


def _nest(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """The whole put into itself many times over: as a list of the binary form, or as a field of a protobuf."""
    listed, head = rng.random() < 0.5, bytes((rng.randrange(1, 16) << 3 | 2,))
    for _ in range(rng.choice((1, 10, 60, 200))):
        if len(data) > 100_000:
            break
        data = b"\xf8\x02\x05\xf8\x01" + data if listed else head + _varint(len(data)) + data
    return data


def _big(size: int) -> Callable[[int], bytes]:
    return lambda number: struct.pack(">Q", number & (2**64 - 1))[-size:]


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes((*out, number))


_DAMAGES = (_flip, _flip, _set, _set, _truncate, _drop, _insert, _repeat, _splice, _length, _length, _nest)
