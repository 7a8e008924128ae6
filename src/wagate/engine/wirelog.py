"""The wire log: every stanza of a session, both ways, in one form for both engines and without anything secret.

A line is ``time <tab> direction <tab> stanza``; ``>`` is what we send, ``<`` what we get. ``cut -f2-`` leaves what can
be compared. What a stanza says is masked by :class:`wagate.engine.masking.Masker` before anything is written. Each
session has a file of its own, which is begun anew when it is full; one old one is kept.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from wagate.core.clock import Clock
from wagate.core.errors import StartupError
from wagate.core.ids import SessionId
from wagate.core.logging import get_logger
from wagate.engine.masking import Masker
from wagate.wire.node import Node

#: Bytes after which a file is begun anew. With the old one a session takes twice that, some 100,000 stanzas.
MAX_BYTES = 16 * 1024 * 1024
SENT, RECEIVED = ">", "<"

#: Told of each stanza and its direction.
Tap = Callable[[str, Node], None]

_log = get_logger("engine.wirelog")


class WireLog:
    """The folder of the files."""

    def __init__(self, folder: Path, clock: Clock, *, max_bytes: int = MAX_BYTES) -> None:
        """Make the folder, for its owner alone.

        :raises StartupError: if that can't be done, or others can enter it.
        """
        self._folder, self._clock, self._max_bytes = folder, clock, max_bytes
        self._files: dict[SessionId, _File] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = stat.S_IMODE(folder.stat().st_mode)
        except OSError as error:
            raise StartupError(f"the wire log's folder {folder} cannot be used: {error.strerror}") from error
        if mode & 0o077:
            raise StartupError(
                f"others can enter the wire log's folder {folder}", hint="chmod 700, or name a folder to be made"
            )

    def tap(self, session: SessionId) -> Tap:
        """What writes a session's stanzas. Connections that follow each other share a file and its pseudonyms."""
        file = self._files.get(session)
        if file is None:
            file = self._files[session] = _File(self._folder / f"{session}.log", self._clock, self._max_bytes)
        return file.write


class _File:
    def __init__(self, path: Path, clock: Clock, max_bytes: int) -> None:
        self._path, self._clock, self._max_bytes = path, clock, max_bytes
        self._masker = Masker()
        self._broken = False

    def write(self, direction: str, node: Node) -> None:
        if self._broken:
            return
        try:
            line = self._line(direction, node)
            if self._size() + len(line) > self._max_bytes:
                self._path.replace(self._path.with_suffix(".old.log"))
                # Pseudonyms hold within a file.
                self._masker = Masker()
                line = self._line(direction, node)
            self._append(line[: self._max_bytes])
        except OSError as error:
            # A log that can't be written must not keep a session from its work.
            self._broken = True
            _log.warning("the wire log can't be written", file=self._path.name, reason=error.strerror)

    def _line(self, direction: str, node: Node) -> bytes:
        time = self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return f"{time}\t{direction}\t{self._masker.mask(node)}\n".encode()

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def _append(self, line: bytes) -> None:
        # Opened for each line: sessions are many, open files are limited, and nobody logs where speed matters.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)
