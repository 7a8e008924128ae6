"""Files are kept whole or not at all, and given to their account only."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.media.conftest import MAX_BYTES
from wagate.core.clock import ManualClock
from wagate.media.errors import EmptyFile, FileTooLarge, MediaNotFound, MediaUrlFailed, NotAPicture
from wagate.media.model import MediaState
from wagate.media.service.library import Library, safe_name
from wagate.storage.blobs import Blobs
from wagate.web.egress import Egress, EgressRefused
from wagate.web.principal import Principal


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_file_is_kept_with_its_hash_size_and_type(library: Library, ada: Principal) -> None:
    kept = await library.take(ada.account_id, chunks(b"%PDF", b"-1.4 ", b"x"), filename="../etc/in voice.pdf")
    assert (kept.mimetype, kept.size, kept.filename) == ("application/pdf", 10, "in voice.pdf")
    assert kept.sha256 == hashlib.sha256(b"%PDF-1.4 x").hexdigest()
    assert kept.state is MediaState.READY
    assert await library.find(ada, kept.id) == kept
    assert await library.content(kept) == b"%PDF-1.4 x"
    assert b"".join([part async for part in await library.read(kept, 5, 8)]) == b"1.4"


async def test_a_file_beyond_the_limit_or_without_bytes_leaves_nothing(
    library: Library, ada: Principal, tmp_path: Path
) -> None:
    with pytest.raises(FileTooLarge):
        await library.take(ada.account_id, chunks(*[bytes(1000)] * (MAX_BYTES // 1000), b"x"))
    with pytest.raises(EmptyFile):
        await library.take(ada.account_id, chunks())
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


async def test_a_source_that_breaks_leaves_nothing(library: Library, ada: Principal, tmp_path: Path) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await library.take(ada.account_id, breaking())
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


async def test_files_of_other_accounts_do_not_exist(library: Library, ada: Principal, bob: Principal) -> None:
    kept = await library.take_bytes(ada.account_id, b"x")
    for principal, identifier in ((bob, kept.id), (ada, "med_" + "0" * 26), (ada, "nonsense"), (ada, ada.account_id)):
        with pytest.raises(MediaNotFound):
            await library.find(principal, identifier)


async def test_a_discarded_file_is_gone(library: Library, ada: Principal, tmp_path: Path) -> None:
    kept = await library.take_bytes(ada.account_id, b"x")
    await library.discard(kept)
    with pytest.raises(MediaNotFound):
        await library.find(ada, kept.id)
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


async def test_only_pictures_are_looked_at(library: Library, ada: Principal) -> None:
    with pytest.raises(NotAPicture, match="text/plain"):
        await library.look_at(await library.take_bytes(ada.account_id, b"hello"))


async def test_a_url_is_fetched_through_the_guard_alone(library: Library, ada: Principal) -> None:
    for url in ("http://127.0.0.1:1/a.png", "http://localhost/a.png", "file:///etc/passwd", "http://169.254.169.254/"):
        with pytest.raises(EgressRefused):
            await library.take_url(ada.account_id, url)


async def test_a_url_that_gives_nothing_says_so(db: object, blobs: Blobs, clock: ManualClock, ada: Principal) -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    async with Egress(resolver=nowhere) as egress:
        library = Library(db=db, blobs=blobs, egress=egress, clock=clock, max_bytes=MAX_BYTES)  # type: ignore[arg-type]
        with pytest.raises(MediaUrlFailed, match="could not be resolved"):
            await library.take_url(ada.account_id, "https://files.example.com/a.png")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("photo.png", "photo.png"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\ada\\a.doc", "a.doc"),
        ("..", None),
        (".htaccess", "htaccess"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("", None),
        (None, None),
    ],
)
def test_names_are_made_safe(name: str | None, safe: str | None) -> None:
    assert safe_name(name) == safe
