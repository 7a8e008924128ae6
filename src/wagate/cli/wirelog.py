"""`wagate wirelog`: what two logs of what went over the wire have and have not in common."""

from collections import Counter
from pathlib import Path

from wagate.core.errors import StartupError
from wagate.engine.wirecompare import NotAWireLog, Shape, shapes
from wagate.engine.wirecompare import compare as differences


async def compare(a: Path, b: Path) -> None:
    """Print what only one of two files has, ``-`` before what is only in ``a`` and ``+`` before what is only in ``b``.

    :raises StartupError: if one can't be read.
    """
    found = differences(_read(a), _read(b))
    for difference in found:
        print(difference.kind)
        for sign, texts in (("-", difference.only_a), ("+", difference.only_b)):
            for text in texts:
                print(f"  {sign} {text}")
    print(f"{len(found)} kinds of stanzas differ" if found else "no stanza of either is unlike all of the other")


def _read(path: Path) -> Counter[Shape]:
    try:
        with path.open(encoding="utf-8") as lines:
            return shapes(lines)
    except OSError as error:
        raise StartupError(f"{path} can't be read: {error.strerror}") from error
    except (NotAWireLog, UnicodeDecodeError) as error:
        raise StartupError(f"{path} is no wire log: {error}", "`wagate up --wire-log FOLDER` writes them") from error
