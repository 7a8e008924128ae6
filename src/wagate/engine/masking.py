"""Stanzas as text that may be shown to others.

Shown is what is on a list: the words of the protocol. Binary content is only its length, for a key is a key; addresses
and ids become pseudonyms, the same for the same one; names, texts and all that nobody thought of become ``<text>``.
"""

import re
from collections import OrderedDict

from wagate.wire.jid import BROADCAST, GROUP, LID, NEWSLETTER, PN, Jid
from wagate.wire.node import Attr, Node

#: Pseudonyms of each kind that are remembered; a message id seldom comes back after so many others.
_REMEMBERED = 50_000
#: Children of one element that are written; lists of devices and keys have hundreds that look the same.
MAX_CHILDREN = 24

#: Attributes whose values are words or small numbers of the protocol, wherever they stand.
_OPEN = frozenset(
    {"action", "addressing_mode", "category", "class", "code", "context", "count", "decrypt-fail", "device_fanout"}
    | {"edit", "error", "has_more_patches", "index", "key-index", "last", "mediatype", "mode", "offline", "platform"}
    | {"reason", "request", "return_snapshot", "should_show_push_notification", "stage", "state", "type", "v"}
    | {"version", "xmlns"}
)
#: Attributes that name parts of the protocol in these elements, and people or groups in others.
_OPEN_IN = frozenset(
    {("category", "name"), ("category", "value"), ("collection", "name"), ("count", "value"), ("device", "id")}
    | {("error", "text")}
)
#: Words of the protocol are in small letters. Keys and codes in base 64 or in digits do not come through.
_WORD = re.compile(r"[a-z][a-z_:./+-]*(?:[0-9]{1,2}[a-z_:./+-]*)?|-?[0-9]{1,5}")
_NAME = re.compile(r"[a-z][a-z_:-]*(?:[0-9]{1,2}[a-z_:-]*){0,2}")
_LONGEST = 64
_TIME_NAMES = frozenset({"t", "timestamp", "creation", "expire", "expiration", "ts", "s_t", "creation_time"})
_ID_NAMES = frozenset({"id", "call-id", "sid", "msg_id", "stanza-id"})
_KINDS = {PN: "pn", LID: "lid", GROUP: "group", BROADCAST: "broadcast", NEWSLETTER: "newsletter"}
#: Broadcast lists that everybody has.
_KNOWN_USERS = frozenset({"status", "location"})


class Masker:
    """Remembers who has which pseudonym."""

    def __init__(self) -> None:
        self._known: dict[str, OrderedDict[str, int]] = {}
        self._next: dict[str, int] = {}

    def mask(self, node: Node) -> str:
        """One line."""
        parts: list[str] = []
        self._write(node, parts)
        return "".join(parts)

    def _write(self, node: Node, parts: list[str]) -> None:
        tag = _name(node.tag)
        parts.append(f"<{tag}")
        for name, value in sorted(node.attrs.items()):
            parts.append(f' {_name(name)}="{self._attr(node.tag, name, value)}"')
        content = node.content
        if content is None:
            parts.append("/>")
            return
        parts.append(">")
        if isinstance(content, bytes):
            parts.append(f"[{len(content)} bytes]")
        elif isinstance(content, str):
            parts.append(f"[{len(content.encode())} bytes]")
        elif isinstance(content, Jid):
            parts.append(self._jid(content))
        else:
            for child in content[:MAX_CHILDREN]:
                self._write(child, parts)
            if len(content) > MAX_CHILDREN:
                parts.append(f"[{len(content) - MAX_CHILDREN} more]")
        parts.append(f"</{tag}>")

    def _attr(self, tag: str, name: str, value: Attr) -> str:
        if isinstance(value, Jid):
            return self._jid(value)
        if "@" in value:
            # One engine tells addresses from texts, the other one does not; a text that looks like one is hidden too.
            try:
                return self._jid(Jid.parse(value))
            except ValueError:
                return "<text>"
        if not value:
            return ""
        if name in _TIME_NAMES and value.isdigit():
            return "<time>"
        if (name in _OPEN or (tag, name) in _OPEN_IN) and len(value) <= _LONGEST and _WORD.fullmatch(value):
            return value
        if name in _ID_NAMES:
            return self._pseudonym("id", value)
        return "<number>" if value.isdigit() else "<text>"

    def _jid(self, jid: Jid) -> str:
        kind = _KINDS.get(jid.server, "other")
        if not jid.user:
            return f"@{jid.server}" if jid.server in _KINDS else "@other"
        if jid.user in _KNOWN_USERS and jid.server == BROADCAST:
            return str(jid)
        # The device tells the phone from its companions, and nothing of whose they are.
        return self._pseudonym(kind, jid.user, f":{jid.device}" if jid.device else "")

    def _pseudonym(self, kind: str, value: str, suffix: str = "") -> str:
        known = self._known.setdefault(kind, OrderedDict())
        number = known.get(value)
        if number is None:
            number = self._next[kind] = self._next.get(kind, 0) + 1
            known[value] = number
            if len(known) > _REMEMBERED:
                known.popitem(last=False)
        return f"<{kind} {number}{suffix}>"


def _name(name: str) -> str:
    return name if len(name) <= _LONGEST and _NAME.fullmatch(name) else "?"
