"""What one wire log has that another one has none like.

Compared are shapes: direction, tags, attribute names, and the values that are words of the protocol. Pseudonyms, counts
and lengths differ from one run to the next, and so does how often an element is repeated.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r'<(?P<open>[\w:?-]+)(?P<attrs>(?: [\w:?-]+="[^"]*")*)(?P<empty>/?)>|</[^>]+>|\[[^\]]*\]|<[a-z]+ [^>]*>'
)
_ATTR = re.compile(r'([\w:?-]+)="([^"]*)"')
_PSEUDONYM = re.compile(r"<(?P<kind>[a-z]+) \d+(?P<device>:\d+)?>")
#: Numbers that say something in themselves.
_TELLING = frozenset({"v", "code", "error", "reason", "last", "index"})
#: What two stanzas of one kind have in common.
_KIND = ("type", "xmlns", "class", "stage", "category", "mode", "request")


class NotAWireLog(ValueError):
    """A line has another form."""


@dataclass(slots=True)
class _Element:
    tag: str
    attrs: dict[str, str]
    inside: "list[_Element | str]"


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """``kind`` is what brings two of them together, ``text`` is all of it."""

    kind: str
    text: str


def shapes(lines: Iterable[str]) -> Counter[Shape]:
    """How often each shape comes.

    :raises NotAWireLog: naming the line.
    """
    found: Counter[Shape] = Counter()
    for number, line in enumerate(lines, start=1):
        parts = line.rstrip("\n").split("\t")
        element = _parse(parts[2]) if len(parts) == 3 and parts[1] in ("<", ">") else None
        if element is None:
            raise NotAWireLog(f"line {number} is none of a wire log")
        found[Shape(f"{parts[1]} {_kind(element)}", f"{parts[1]} {_shape(element)}")] += 1
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """The shapes of one kind that only one of two logs has."""

    kind: str
    only_a: Sequence[str]
    only_b: Sequence[str]


def compare(a: Counter[Shape], b: Counter[Shape]) -> list[Difference]:
    """The kinds in which two logs differ, by their names."""
    only_a, only_b = sorted(a.keys() - b.keys()), sorted(b.keys() - a.keys())
    kinds = sorted({shape.kind for shape in (*only_a, *only_b)})
    return [
        Difference(kind, [s.text for s in only_a if s.kind == kind], [s.text for s in only_b if s.kind == kind])
        for kind in kinds
    ]


def _parse(text: str) -> _Element | None:
    """The element that a line shows, ``None`` if it shows none."""
    outside = _Element("", {}, [])
    way = [outside]
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return None
        at = token.end()
        if token["open"]:
            element = _Element(token["open"], dict(_ATTR.findall(token["attrs"])), [])
            way[-1].inside.append(element)
            if not token["empty"]:
                way.append(element)
        elif token[0].startswith("</"):
            if len(way) == 1:
                return None
            way.pop()
        else:
            way[-1].inside.append(token[0])
    first = outside.inside[0] if len(outside.inside) == 1 and len(way) == 1 else None
    return first if isinstance(first, _Element) else None


def _kind(element: _Element) -> str:
    attrs = "".join(f" {name}={element.attrs[name]}" for name in _KIND if name in element.attrs)
    inner = next((child.tag for child in element.inside if isinstance(child, _Element)), "")
    return f"{element.tag}{attrs}" + (f" / {inner}" if inner else "")


def _shape(element: _Element) -> str:
    attrs = "".join(f' {name}="{_value(name, value)}"' for name, value in sorted(element.attrs.items()))
    inside = []
    for child in element.inside:
        text = _shape(child) if isinstance(child, _Element) else _content(child)
        if text and text not in inside:
            inside.append(text)
    if not inside:
        return f"<{element.tag}{attrs}/>"
    return f"<{element.tag}{attrs}>{''.join(inside)}</{element.tag}>"


def _value(name: str, value: str) -> str:
    value = _PSEUDONYM.sub(lambda found: f"<{found['kind']}{':device' if found['device'] else ''}>", value)
    return "<number>" if value.isdigit() and name not in _TELLING else value


def _content(text: str) -> str:
    if text.endswith(" bytes]"):
        return "[nothing]" if text == "[0 bytes]" else "[bytes]"
    return "" if text.endswith(" more]") else _PSEUDONYM.sub(lambda found: f"<{found['kind']}>", text)
