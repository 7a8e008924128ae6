"""What kind of file some bytes are.

Clients declare types carelessly, and a browser that is handed a page as a picture runs it. So: a signature that can't
be mistaken wins; a declared type that has such a signature but not these bytes is not believed; any other declared
type is.
"""

import mimetypes
import re
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Final

UNKNOWN: Final = "application/octet-stream"

#: How much of a file's beginning :func:`sniff` wants to see.
HEAD_BYTES: Final = 4096

_MIMETYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_PARAMETER = re.compile(r"\s*;\s*([a-z0-9-]{1,32})\s*=\s*\"?([A-Za-z0-9 ._,+-]{1,64})\"?")


def _ftyp(*brands: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[4:8] == b"ftyp" and head[8:12] in brands


def _starts(*magics: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magics)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


#: Mimetype -> whether these are its first bytes. Only formats whose signature can't be met by accident.
_SIGNATURES: dict[str, Callable[[bytes], bool]] = {
    "image/jpeg": _starts(b"\xff\xd8\xff"),
    "image/png": _starts(b"\x89PNG\r\n\x1a\n"),
    "image/gif": _starts(b"GIF87a", b"GIF89a"),
    "image/webp": _riff(b"WEBP"),
    "application/pdf": _starts(b"%PDF-"),
    # Ogg says nothing of what is inside; WhatsApp only ever carries Opus in it.
    "audio/ogg": _starts(b"OggS"),
    "audio/mpeg": _starts(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    "audio/amr": _starts(b"#!AMR"),
    "audio/wav": _riff(b"WAVE"),
    "audio/mp4": _ftyp(b"M4A ", b"M4B "),
    "video/mp4": _ftyp(b"isom", b"iso2", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"MSNV", b"M4V "),
    "video/3gpp": _ftyp(b"3gp4", b"3gp5", b"3gp6", b"3gg6"),
    "video/quicktime": _ftyp(b"qt  "),
    "video/webm": _starts(b"\x1a\x45\xdf\xa3"),
}

_SAME = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "application/ogg": "audio/ogg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/aac": "audio/aac",
}


def sniff(head: bytes, declared: str | None = None, filename: str | None = None) -> str:
    """The mimetype of the file that begins with ``head``; ``application/octet-stream`` if nothing tells."""
    for mimetype, matches in _SIGNATURES.items():
        if matches(head):
            return mimetype
    claims = [normalised(declared)]
    if filename:
        claims.append(normalised(mimetypes.guess_type(filename, strict=False)[0]))
    for claim in claims:
        if claim is not None and claim.partition(";")[0] not in _SIGNATURES and claim != UNKNOWN:
            return claim
    return _guess(head)


def normalised(mimetype: str | None) -> str | None:
    """In lower case, with known spellings made one and tame parameters kept; ``None`` if it is not a mimetype."""
    if not mimetype:
        return None
    essence, _, _ = mimetype.partition(";")
    essence = essence.strip().lower()
    if not _MIMETYPE.fullmatch(essence):
        return None
    parameters = _PARAMETER.findall(mimetype[:200].lower())
    tail = "".join(f"; {name}={value}" for name, value in parameters[:2])
    return _SAME.get(essence, essence) + tail


def _guess(head: bytes) -> str:
    # Loaded only when nothing else tells: its table of formats takes some megabytes.
    import puremagic

    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return "text/plain" if _is_text(head) else UNKNOWN
    best = next((match for match in found if match.mime_type and match.confidence >= 0.5), None)
    return (normalised(str(best.mime_type)) if best else None) or UNKNOWN


def _is_text(head: bytes) -> bool:
    try:
        # The end of a longer file's beginning may cut a character in two.
        text = getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return False
    return bool(text) and all(c.isprintable() or c in "\r\n\t\f" for c in text)
