"""A QR code as a picture or as text, with the quiet zone of four modules that scanners ask for (ISO/IEC 18004)."""

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import segno

_QUIET_ZONE: Final = 4
#: Pixels a module: some 500 across, which a phone reads from a screen at arm's length.
_SCALE: Final = 8
#: Upper half light or dark, lower half light or dark. Terminals are dark, so light is what gets drawn.
_HALVES: Final = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
#: The same code is asked for by a page, an event stream and a terminal at once; few are on show at a time.
_CACHED: Final = 64


def png(text: str) -> bytes:
    out = io.BytesIO()
    _code(text).save(out, kind="png", scale=_SCALE, border=_QUIET_ZONE)
    return out.getvalue()


@lru_cache(maxsize=_CACHED)
def data_url(text: str) -> str:
    """A PNG for ``<img src=…>``."""
    url: str = _code(text).png_data_uri(scale=_SCALE, border=_QUIET_ZONE)
    return url


def svg(text: str) -> str:
    # Its own light ground, or it can't be scanned from a dark page.
    out = io.BytesIO()
    _code(text).save(out, kind="svg", scale=_SCALE, border=_QUIET_ZONE, light="white", svgns=True, xmldecl=False)
    return out.getvalue().decode()


def terminal(text: str) -> str:
    """Half-block characters for a dark terminal, two rows of modules a line."""
    rows = [list(row) for row in _code(text).matrix_iter(border=_QUIET_ZONE)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    lines = (
        "".join(_HALVES[bool(upper), bool(lower)] for upper, lower in zip(above, below, strict=True))
        for above, below in zip(rows[::2], rows[1::2], strict=True)
    )
    return "\n".join(lines) + "\n"


def _code(text: str) -> "segno.QRCode":
    import segno

    # The lowest error correction: a screen has no dirt, and fewer modules are read faster.
    return segno.make(text, error="l", micro=False, boost_error=False)
