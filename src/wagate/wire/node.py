"""Stanzas: the XML-like nodes that both ends exchange."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from wagate.wire.jid import Jid

Attr = str | Jid

_DIGITS = 10

_NO_ATTRS: Mapping[str, Attr] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Node:
    """One stanza or part of one. A :class:`Jid` attribute travels as a JID, any other as a string."""

    tag: str
    attrs: Mapping[str, Attr] = field(default_factory=lambda: _NO_ATTRS)
    content: "Sequence[Node] | bytes | str | Jid | None" = None

    def get(self, name: str, default: str = "") -> str:
        """The attribute as text, whichever type it came as."""
        value = self.attrs.get(name)
        return default if value is None else str(value)

    def number(self, name: str) -> int | None:
        """The attribute as a whole number of at most ten digits, as codes, counts and seconds since 1970 are; ``None``
        if it is absent or is not one. A peer may send more digits than Python converts, or digits of other scripts.
        """
        text = self.get(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None

    def jid(self, name: str) -> Jid | None:
        """The attribute as a JID; ``None`` if it is absent or is not one."""
        value = self.attrs.get(name)
        if value is None or isinstance(value, Jid):
            return value
        try:
            return Jid.parse(value)
        except ValueError:
            return None

    @property
    def children(self) -> "Sequence[Node]":
        return () if self.content is None or isinstance(self.content, bytes | str | Jid) else self.content

    def child(self, *path: str) -> "Node | None":
        """The first child of that tag; several tags lead downwards."""
        found: Node | None = self
        for tag in path:
            found = next((c for c in found.children if c.tag == tag), None) if found else None
        return found

    def all(self, tag: str) -> "Iterator[Node]":
        return (c for c in self.children if c.tag == tag)

    @property
    def data(self) -> bytes:
        """Binary content. A peer may send bytes as a token or a string, so text is encoded."""
        if isinstance(self.content, bytes):
            return self.content
        return str(self.content).encode() if isinstance(self.content, str | Jid) else b""

    @property
    def text(self) -> str:
        """Textual content; bytes are read as UTF-8, unreadable ones replaced."""
        if isinstance(self.content, bytes):
            return self.content.decode("utf-8", "replace")
        return str(self.content) if isinstance(self.content, str | Jid) else ""

    def __str__(self) -> str:
        attrs = "".join(f' {k}="{v}"' for k, v in self.attrs.items())
        if self.content is None:
            return f"<{self.tag}{attrs}/>"
        if isinstance(self.content, bytes):
            inner = f"[{len(self.content)} bytes]"
        elif isinstance(self.content, str | Jid):
            inner = str(self.content)
        else:
            inner = "".join(map(str, self.content))
        return f"<{self.tag}{attrs}>{inner}</{self.tag}>"
