"""The data folder: one process at a time, readable by nobody else, and the home of the key file."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from wagate.core.clock import Clock
from wagate.core.errors import StartupError
from wagate.core.ids import Entropy
from wagate.core.seal import BadKeyRing, KeyRing
from wagate.core.settings import Settings
from wagate.storage.errors import StorageUnavailable

#: Below this the first burst of media or a write-ahead log fills the disk; better said at start than met at night.
MIN_FREE_BYTES = 64 * 1024 * 1024
#: How often the key file is read at most because a value names a key that is not known: a damaged value must not make
#: every reading of it a look at the disk.
KEY_FILE_SECONDS = 5.0


class DataDir:
    """An opened, locked data folder; :meth:`close` or the end of the process lets go of the lock."""

    def __init__(self, path: Path, lock: int, min_free_bytes: int) -> None:
        self.path = path
        self._lock = lock
        self._min_free_bytes = min_free_bytes

    @classmethod
    def open(cls, path: Path, *, min_free_bytes: int = MIN_FREE_BYTES) -> Self:
        """Make the folder (0700) if it is missing, and lock it.

        :raises StartupError: if another process has it, it can't be used, or the disk is nearly full.
        """
        path = path.absolute()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StartupError(f"the data folder {path} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = shutil.disk_usage(path).free
            if free < min_free_bytes:
                raise StartupError(
                    f"the disk of the data folder {path} has only {free // 2**20} MiB free",
                    hint=f"free at least {min_free_bytes // 2**20} MiB",
                )
        except BlockingIOError:
            os.close(lock)
            raise StartupError(
                f"another wagate process is using the data folder {path}",
                hint="stop it, or give this one its own WAGATE_DATA_DIR",
            ) from None
        except BaseException:
            # Whatever it was: nobody will have it to close.
            os.close(lock)
            raise
        return cls(path, lock, min_free_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let another process have the folder."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    async def check_space(self) -> None:
        """:raises StorageUnavailable: if the disk is nearly full."""
        free = shutil.disk_usage(self.path).free
        if free < self._min_free_bytes:
            raise StorageUnavailable(f"the disk has only {free // 2**20} MiB free")

    @property
    def database_url(self) -> str:
        """The SQLite database of this folder."""
        return f"sqlite:///{self.path / 'wagate.db'}"

    @property
    def key_file(self) -> Path:
        return self.path / "secret-keys"

    def secret_keys(self, settings: Settings) -> KeyRing | None:
        """The key ring of the settings, else of the key file; ``None`` if there is neither.

        :raises StartupError: if what is there can't be read as a key ring.
        """
        given = settings.secret_keys.get_secret_value()
        if given.strip():
            return _parsed(given, "WAGATE_SECRET_KEYS")
        return self.stored_keys()

    def stored_keys(self) -> KeyRing | None:
        """The ring in the key file; ``None`` if there is no file.

        :raises StartupError: if it can't be read as a key ring.
        """
        try:
            text = self.key_file.read_text("ascii")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise StartupError(f"the key file {self.key_file} is damaged; it was left as it is") from None
        except OSError as error:
            raise StartupError(f"the key file {self.key_file} cannot be read: {error.strerror}") from error
        return _parsed(text, f"the key file {self.key_file}")

    def make_secret_keys(self, entropy: Entropy = os.urandom) -> KeyRing:
        """Make a key ring and write the key file (0600), which must not exist. For new databases only.

        :raises StartupError: if the file can't be written.
        """
        ring = KeyRing.generate(entropy)
        try:
            self._write_keys(ring, os.link)
        except OSError as error:
            raise StartupError(f"the key file {self.key_file} cannot be written: {error.strerror}") from error
        return ring

    def replace_secret_keys(self, ring: KeyRing) -> None:
        """Have the key file hold exactly this ring. A crash leaves the former file or this one, whole.

        :raises StorageUnavailable: if the file can't be written.
        """
        try:
            self._write_keys(ring, os.replace)
        except OSError as error:
            raise StorageUnavailable(f"the key file cannot be written: {error.strerror}") from error

    def key_file_reader(self, clock: Clock) -> Callable[[], KeyRing | None]:
        """What reads the ring in the key file when asked, at most once every :data:`KEY_FILE_SECONDS`; ``None`` in
        between, and if there is nothing to read.
        """
        last = -KEY_FILE_SECONDS

        def read() -> KeyRing | None:
            nonlocal last
            if clock.monotonic() - last < KEY_FILE_SECONDS:
                return None
            last = clock.monotonic()
            try:
                return KeyRing.parse(self.key_file.read_text("ascii"))
            except (OSError, ValueError):
                return None

        return read

    def _write_keys(self, ring: KeyRing, put: Callable[[Path, Path], None]) -> None:
        # Whole or not at all: a half-written key file would lock the operator out of the next start.
        draft = self.key_file.with_name("secret-keys.new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(ring.to_text() + "\n")
            file.flush()
            os.fsync(file.fileno())
        put(draft, self.key_file)
        draft.unlink(missing_ok=True)
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _parsed(text: str, where: str) -> KeyRing:
    try:
        return KeyRing.parse(text)
    except BadKeyRing as error:
        raise StartupError(
            f"{where} holds no key ring: {error}", hint="the form is id:base64 of 32 bytes, newest first"
        ) from None
