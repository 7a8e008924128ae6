"""The binary form of stanzas.

Facts (Baileys lib/WABinary, whatsmeow binary/): a frame's plaintext is one flag byte (bit 1: the rest is deflated)
and one node. A node is a list of 1 + 2 x attributes + (content ? 1 : 0) items. Strings are tokens, digits packed two
to a byte (255: ``0-9-.``, 251: ``0-9A-F``), or UTF-8 with a length (252, 253, 254); JIDs have tags of their own.

A :class:`Jid` is written as a JID, a ``str`` never is: whatsmeow refuses a push name that came as a JID, and dies
of a JID inside a JID. Text content comes back as ``bytes`` unless it is a token or packs, so read contents through
:attr:`Node.text` and :attr:`Node.data`.
"""

import re
import zlib

from wagate.wire import jid as servers
from wagate.wire.jid import Jid
from wagate.wire.node import Attr, Node
from wagate.wire.tokens import DOUBLE, ENCODED, FIRST_DICTIONARY, SINGLE

#: No real stanza nests deeper than about ten.
MAX_DEPTH = 48
#: Nodes and attributes of one stanza. A few kilobytes inflate to ten million nodes, which take more than a gigabyte and
#: 20 s; the largest real stanza, the answer with all groups of an account, has some hundred thousand.
MAX_ITEMS = 1_000_000
MAX_INFLATED = 32 * 1024 * 1024

_DEFLATED = 2
_EMPTY, _INTEROP_JID, _FB_JID, _AD_JID, _LIST_8, _LIST_16, _JID_PAIR = 0, 245, 246, 247, 248, 249, 250
_HEX, _BINARY_8, _BINARY_20, _BINARY_32, _NIBBLES = 251, 252, 253, 254, 255
_SINGLES = len(SINGLE)
_PACKED_MAX = 127
_LISTS = frozenset((_EMPTY, _LIST_8, _LIST_16))
_PACKED = frozenset((_NIBBLES, _HEX))

_MESSENGER = "msgr"
_INTEROP = "interop"
_DOMAINS = {servers.PN: 0, servers.LID: 1, "hosted": 128, "hosted.lid": 129}
_SERVERS = {number: server for server, number in _DOMAINS.items()}

_packs_as_nibbles = re.compile(r"[0-9.\-]{1,127}").fullmatch
_packs_as_hex = re.compile(r"[0-9A-F]{1,127}").fullmatch
_TO_NIBBLES = str.maketrans("-.", "ab")
_FROM_NIBBLES = str.maketrans("ab", "-.")
_not_a_nibble = re.compile("[c-f]").search
_LIST_HEADS = tuple(b"\0" if n == 0 else bytes((_LIST_8, n)) for n in range(256))


class BadNode(ValueError):
    """The bytes are not a stanza, or are one beyond the limits."""


# -- writing ----------------------------------------------------------------------------------------------------


def encode(node: Node) -> bytes:
    """The plaintext of a frame: the flag byte 0 and the node, never compressed.

    :raises ValueError: if a tag or attribute name is empty, a JID has no binary form, a list is longer than 65535
        items, or the node nests deeper than :data:`MAX_DEPTH`.
    """
    parts = [b"\0"]
    _write_node(node, parts, MAX_DEPTH)
    return b"".join(parts)


def _write_node(node: Node, parts: list[bytes], depth: int) -> None:
    if depth == 0:
        raise ValueError("the node nests too deeply")
    attrs, content, tag, add, token = node.attrs, node.content, node.tag, parts.append, ENCODED.get
    if not tag or "" in attrs:
        raise ValueError("tags and attribute names are not empty")
    add(_list_head(2 * len(attrs) + (1 if content is None else 2)))
    add(token(tag) or _string(tag))
    for name, value in attrs.items():
        add(token(name) or _string(name))
        if isinstance(value, str):
            add(token(value) or _string(value))
        else:
            add(_jid(value))
    if content is None:
        return
    if isinstance(content, bytes):
        add(_binary_head(len(content)))
        add(content)
    elif isinstance(content, str):
        add(token(content) or _string(content))
    elif isinstance(content, Jid):
        add(_jid(content))
    else:
        add(_list_head(len(content)))
        for child in content:
            _write_node(child, parts, depth - 1)


def _list_head(size: int) -> bytes:
    if size < 256:
        return _LIST_HEADS[size]
    if size > 0xFFFF:
        raise ValueError("a list has at most 65535 items")
    return bytes((_LIST_16, size >> 8, size & 255))


def _binary_head(size: int) -> bytes:
    if size < 256:
        return bytes((_BINARY_8, size))
    if size < 1 << 20:
        return bytes((_BINARY_20, size >> 16, size >> 8 & 255, size & 255))
    return bytes((_BINARY_32,)) + size.to_bytes(4, "big")


def _string(text: str) -> bytes:
    if _packs_as_nibbles(text):
        return _packed(_NIBBLES, text.translate(_TO_NIBBLES))
    if _packs_as_hex(text):
        return _packed(_HEX, text)
    data = text.encode()
    return _binary_head(len(data)) + data


def _packed(tag: int, digits: str) -> bytes:
    odd = len(digits) & 1
    head = bytes((tag, (len(digits) + 1) // 2 | odd << 7))
    return head + bytes.fromhex(digits + "f" if odd else digits)


def _jid(jid: Jid) -> bytes:
    user, server, device = jid.user, jid.server, jid.device
    if "@" in user or ":" in user or not server or "@" in server:
        raise ValueError("a JID's user has no '@' or ':', and its server is not empty")
    if device == 0:
        head = bytes((_JID_PAIR,)) + (_token_or_string(user) if user else b"\0")
        return head + _token_or_string(server)
    domain = _DOMAINS.get(server)
    if domain is not None:
        if not 0 < device < 256 or not user:
            raise ValueError("a device's JID has a user and a number up to 255")
        return bytes((_AD_JID, domain, device)) + _token_or_string(user)
    if not 0 < device <= 0xFFFF:
        raise ValueError("a device number has two bytes")
    if server == _MESSENGER:
        return bytes((_FB_JID,)) + _token_or_string(user) + device.to_bytes(2, "big") + _token_or_string(server)
    if server == _INTEROP:
        integrator, dash, name = user.partition("-")
        if dash and integrator.isascii() and integrator.isdigit() and int(integrator) <= 0xFFFF:
            numbers = device.to_bytes(2, "big") + int(integrator).to_bytes(2, "big")
            return bytes((_INTEROP_JID,)) + _token_or_string(name) + numbers + _token_or_string(server)
    raise ValueError("this server has no JIDs with a device")


def _token_or_string(text: str) -> bytes:
    return ENCODED.get(text) or _string(text)


# -- reading ----------------------------------------------------------------------------------------------------


def decode(data: bytes, *, max_inflated: int = MAX_INFLATED) -> Node:
    """Read a frame's plaintext.

    :param max_inflated: the most bytes that a compressed frame may become.
    :raises BadNode: for anything but exactly one well-formed node within the limits.
    """
    return read(inflated(data, max_inflated))


def inflated(data: bytes, limit: int = MAX_INFLATED) -> bytes:
    """The binary form in a frame's plaintext, inflated if it was deflated.

    :raises BadNode: if there is none, or it becomes longer than ``limit``.
    """
    if not data:
        raise BadNode("an empty frame")
    return _inflate(data, limit) if data[0] & _DEFLATED else data[1:]


def read(body: bytes) -> Node:
    """Read what :func:`inflated` gives.

    :raises BadNode: as :func:`decode` does.
    """
    try:
        node, end = _read_node(body, 0, MAX_DEPTH, [MAX_ITEMS])
    except IndexError:
        raise BadNode("the frame ends inside the node") from None
    if end != len(body):
        raise BadNode("bytes after the node")
    return node


def _inflate(data: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(memoryview(data)[1:], limit + 1)
    except zlib.error as error:
        raise BadNode("the frame does not inflate") from error
    if len(body) > limit:
        raise BadNode("the frame inflates beyond the limit")
    if not inflater.eof or inflater.unused_data:
        raise BadNode("the deflated frame is cut short or goes on")
    return body


def _read_node(body: bytes, at: int, depth: int, room: list[int]) -> tuple[Node, int]:
    if depth == 0:
        raise BadNode("the node nests too deeply")
    size, at = _read_list_head(body, at)
    if size == 0:
        raise BadNode("a node without a tag")
    room[0] -= (size + 1) >> 1
    if room[0] < 0:
        raise BadNode("more nodes and attributes than any stanza has")
    first = body[at]
    if 0 < first < _SINGLES:
        tag, at = SINGLE[first], at + 1
    else:
        tag, at = _read_string(body, at)
    attrs: dict[str, Attr] = {}
    for _ in range((size - 1) >> 1):
        first = body[at]
        if 0 < first < _SINGLES:
            name, at = SINGLE[first], at + 1
        else:
            name, at = _read_string(body, at)
        first = body[at]
        if 0 < first < _SINGLES:
            attrs[name], at = SINGLE[first], at + 1
        else:
            attrs[name], at = _read_value(body, at)
    if not tag or "" in attrs or len(attrs) != (size - 1) >> 1:
        raise BadNode("an empty tag or name, or an attribute given twice")
    if size & 1:
        return Node(tag, attrs), at
    first = body[at]
    if first in _LISTS:
        count, at = _read_list_head(body, at)
        children: list[Node] = []
        for _ in range(count):
            child, at = _read_node(body, at, depth - 1, room)
            children.append(child)
        return Node(tag, attrs, children), at
    if _BINARY_8 <= first <= _BINARY_32:
        data, at = _read_binary(body, at)
        return Node(tag, attrs, data), at
    value, at = _read_value(body, at)
    return Node(tag, attrs, value), at


def _read_list_head(body: bytes, at: int) -> tuple[int, int]:
    first = body[at]
    if first == _LIST_8:
        return body[at + 1], at + 2
    if first == _LIST_16:
        return body[at + 1] << 8 | body[at + 2], at + 3
    if first == _EMPTY:
        return 0, at + 1
    raise BadNode(f"tag {first} where a list begins")


def _read_string(body: bytes, at: int) -> tuple[str, int]:
    value, at = _read_value(body, at)
    if isinstance(value, Jid):
        raise BadNode("a JID in place of a string")
    return value, at


def _read_value(body: bytes, at: int) -> tuple[str | Jid, int]:
    first = body[at]
    if first < _SINGLES:
        return SINGLE[first], at + 1
    if first < FIRST_DICTIONARY + len(DOUBLE):
        return DOUBLE[first - FIRST_DICTIONARY][body[at + 1]], at + 2
    if first == _AD_JID:
        server = _SERVERS.get(body[at + 1])
        device = body[at + 2]
        user, at = _read_string(body, at + 3)
        if server is None or not user:
            raise BadNode("a device's JID of an unknown domain or without a user")
        return _checked(user, server, device), at
    if first == _JID_PAIR:
        user, at = _read_string(body, at + 1)
        server, at = _read_string(body, at)
        return _checked(user, server, 0), at
    if first == _FB_JID:
        user, at = _read_string(body, at + 1)
        device = body[at] << 8 | body[at + 1]
        server, at = _read_string(body, at + 2)
        # As whatsmeow: any other server has no such JIDs, and what came with one could not be answered.
        if server != _MESSENGER:
            raise BadNode("a JID of Messenger on another server")
        return _checked(user, server, device), at
    if first == _INTEROP_JID:
        user, at = _read_string(body, at + 1)
        device, integrator = body[at] << 8 | body[at + 1], body[at + 2] << 8 | body[at + 3]
        server, at = _read_string(body, at + 4)
        if server != _INTEROP:
            raise BadNode("a JID of another messenger on a server that is not theirs")
        return _checked(f"{integrator}-{user}", server, device), at
    if first in _PACKED:
        return _read_packed(body, at)
    data, at = _read_binary(body, at)
    # A name cut in the middle of a character must not cost the connection; other clients replace it too.
    return data.decode("utf-8", "replace"), at


def _checked(user: str, server: str, device: int) -> Jid:
    if not server or "@" in server or "@" in user or ":" in user:
        raise BadNode("a JID inside a JID, or one without a server")
    return Jid(user, server, device)


def _read_packed(body: bytes, at: int) -> tuple[str, int]:
    count = body[at + 1]
    end = at + 2 + (count & 127)
    if end > len(body):
        raise IndexError
    digits = body[at + 2 : end].hex()
    if count > _PACKED_MAX:
        digits = digits[:-1]
    if body[at] == _HEX:
        return digits.upper(), end
    if _not_a_nibble(digits):
        raise BadNode("a packed string holds what is no digit")
    return digits.translate(_FROM_NIBBLES), end


def _read_binary(body: bytes, at: int) -> tuple[bytes, int]:
    first = body[at]
    if first == _BINARY_8:
        size, at = body[at + 1], at + 2
    elif first == _BINARY_20:
        size, at = (body[at + 1] & 15) << 16 | body[at + 2] << 8 | body[at + 3], at + 4
    elif first == _BINARY_32:
        if at + 5 > len(body):
            raise IndexError
        size, at = int.from_bytes(body[at + 1 : at + 5], "big"), at + 5
    else:
        raise BadNode(f"tag {first} where a value begins")
    end = at + size
    if end > len(body):
        raise IndexError
    return body[at:end], end
