"""Stanzas as the bridge has them, with JIDs as strings, and as the rest of the program has them.

Baileys loses the difference between a JID and a string that looks like one, so it is restored by name: which attributes
are JIDs is known, and a push name that reads ``me@lid`` stays a string.
"""

from wagate.engine.protocol import Stanza
from wagate.wire.jid import BROADCAST, GROUP, LID, NEWSLETTER, PN, Jid
from wagate.wire.node import Attr, Node

_SERVERS = frozenset({PN, LID, GROUP, BROADCAST, NEWSLETTER, "hosted", "hosted.lid", "bot", "call", "msgr"})
_JID_NAMES = frozenset(
    {"author", "call-creator", "creator", "from", "group-jid", "jid", "lid", "owner", "participant"}
    | {"phone_number", "pn", "pn_jid", "recipient", "s_o", "target", "to"}
)
_JID_ENDINGS = ("_lid", "_pn", "_jid")


def to_stanza(node: Node) -> Stanza:
    """What the bridge is given. Baileys would take some texts for JIDs; as bytes they stay what they are."""
    attrs = {name: str(value) for name, value in node.attrs.items()}
    content = node.content
    if content is None or isinstance(content, bytes):
        return Stanza(node.tag, attrs, content)
    if isinstance(content, str | Jid):
        return Stanza(node.tag, attrs, str(content).encode())
    return Stanza(node.tag, attrs, [to_stanza(child) for child in content])


def to_node(stanza: Stanza) -> Node:
    """What the rest of the program sees."""
    content = stanza.content
    return Node(
        stanza.tag,
        {name: _attr(name, value) for name, value in stanza.attrs.items()},
        [to_node(child) for child in content] if isinstance(content, list) else content,
    )


def _attr(name: str, value: str) -> Attr:
    if "@" not in value or not (name in _JID_NAMES or name.endswith(_JID_ENDINGS)):
        return value
    try:
        jid = Jid.parse(value)
    except ValueError:
        return value
    return jid if jid.server in _SERVERS else value
