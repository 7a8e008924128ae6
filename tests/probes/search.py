"""Looking for many secrets in many bytes, in every spelling that they are likely to be written in."""

import base64
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
from sqlalchemy import MetaData, create_engine, select

Places = Mapping[str, bytes]
Secrets = Mapping[str, str | bytes]
#: Shorter texts are found by chance; the code to link a phone has as many letters of 32.
LEAST: Final = 8
#: A spelling of twice this less one has a stretch of this length at a multiple of it, wherever it begins.
_STRETCH: Final = 8
#: Bytes looked at in one go: stretches are numbers of Python, four times as large as what they are made from.
_PIECE: Final = 4 << 20
#: What a base64 text within a longer one has in common with the secret's own, by how many bytes stand before it.
_SHIFTS: Final = (1, 2)


def spellings(secret: str | bytes) -> set[bytes]:
    """How a secret may be written, by itself or as part of something that is encoded as a whole."""
    raw = secret.encode() if isinstance(secret, str) else secret
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), base64.b32encode(raw), repr(raw)[2:-1].encode()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found |= {encode(raw), encode(raw).rstrip(b"=")}
        for shift in _SHIFTS:
            # The first and the last letters have bits of the neighbours.
            found.add(encode(bytes(shift) + raw).rstrip(b"=")[shift + 1 : -1])
    if isinstance(secret, str):
        found |= {quote(secret, safe="").encode(), quote(secret).encode(), json.dumps(secret)[1:-1].encode()}
    return {spelling for spelling in found if len(spelling) >= LEAST}


class Search:
    """These secrets in all their spellings, ready to be looked for in whatever there is.

    :raises ValueError: if one is too short: to look for nothing is to find nothing.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._names: dict[bytes, set[str]] = defaultdict(set)
        for name, secret in secrets.items():
            if len(secret) < LEAST:
                raise ValueError(f"{name} is too short to be looked for")
            for spelling in spellings(secret):
                self._names[spelling].add(name)
        self._short = [spelling for spelling in self._names if len(spelling) < 2 * _STRETCH - 1]
        self._long: dict[int, list[bytes]] = defaultdict(list)
        for spelling in set(self._names) - set(self._short):
            for begin in range(_STRETCH):
                (stretch,) = memoryview(spelling[begin : begin + _STRETCH]).cast("Q")
                self._long[stretch].append(spelling)
        self._stretches = frozenset(self._long)

    @property
    def spellings(self) -> int:
        """How many are looked for."""
        return len(self._names)

    def within(self, content: bytes) -> set[str]:
        """The names of the secrets that stand in it."""
        found = {spelling for spelling in self._short if spelling in content}
        met: set[int] = set()
        for begin in range(0, len(content), _PIECE):
            piece = content[begin : begin + _PIECE]
            # What is left over at the end is too short for a whole spelling's stretch to begin in.
            met |= self._stretches.intersection(memoryview(piece[: len(piece) // _STRETCH * _STRETCH]).cast("Q"))
        found |= {spelling for stretch in met for spelling in self._long[stretch] if spelling in content}
        return {name for spelling in found for name in self._names[spelling]}


def hits(secrets: Secrets, places: Places) -> list[str]:
    """Which secrets stand where."""
    search = Search(secrets)
    return [f"{what} in {where}" for where, content in places.items() for what in sorted(search.within(content))]


def tables_of(url: str) -> dict[str, bytes]:
    """Every row of every table of a database."""
    places = {}
    engine = create_engine(url)
    with engine.connect() as connection:
        present = MetaData()
        present.reflect(connection)
        for table in present.sorted_tables:
            rows = connection.execute(select(table)).all()
            places[f"table {table.name}"] = b"\n".join(_written(value) for row in rows for value in row)
    engine.dispose()
    return places


def files_in(name: str, folder: Path) -> dict[str, bytes]:
    """Every file under a folder, by ``name`` and its path."""
    return {f"{name}/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def leaves(value: Any) -> Iterator[bytes]:
    """The binary values of 32 bytes or more within a record, whatever it is packed as."""
    if isinstance(value, bytes):
        try:
            unpacked = msgspec.json.decode(value) if value[:1] in b"{[" else msgspec.msgpack.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            unpacked = None
        if isinstance(unpacked, list | dict):
            yield from leaves(unpacked)
        elif len(value) >= 32:
            yield value
    elif isinstance(value, str) and len(value) in (44, 88):
        try:
            yield base64.b64decode(value, validate=True)
        except ValueError:
            return
    elif isinstance(value, dict):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part)


def _written(value: Any) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return (json.dumps(value) if isinstance(value, dict | list) else str(value)).encode()
