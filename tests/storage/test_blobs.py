"""A blob is there whole or not at all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wagate.core.errors import NotFound
from wagate.storage.blobs import BlobMissing, Blobs
from wagate.storage.errors import StorageUnavailable


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return Blobs.in_folder(tmp_path / "blobs") if request.param == "folder" else Blobs.in_memory()


async def content(blobs: Blobs, key: str, start: int | None = None, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in blobs.get(key, start, end)])


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_bytes_and_streams_come_back_as_they_went_in(store: Blobs) -> None:
    large = bytes(range(256)) * 12_000
    assert await store.put("media/one", b"hello") == 5
    assert await store.put("media/two", pieces(large[:1_000_000], b"", large[1_000_000:])) == len(large)
    assert await store.put("media/none", b"") == 0
    assert await content(store, "media/one") == b"hello"
    assert await content(store, "media/two") == large
    assert await content(store, "media/none") == b""
    assert [await store.size(f"media/{name}") for name in ("one", "two", "none")] == [5, len(large), 0]


@pytest.mark.parametrize(("start", "end"), [(None, 3), (2, None), (2, 5), (0, 99), (7, 7), (50, 60)])
async def test_a_range_is_the_same_as_slicing(store: Blobs, start: int | None, end: int | None) -> None:
    await store.put("a", b"0123456789")
    assert await content(store, "a", start, end) == b"0123456789"[start:end]


async def test_putting_again_replaces(store: Blobs) -> None:
    await store.put("a", b"a long first version")
    await store.put("a", b"second")
    assert await content(store, "a") == b"second"


async def test_a_missing_blob_says_so(store: Blobs) -> None:
    with pytest.raises(BlobMissing):
        await store.size("gone")
    with pytest.raises(NotFound):
        await content(store, "gone")


async def test_delete_removes_and_forgives(store: Blobs) -> None:
    await store.put("media/a", b"x")
    await store.delete("media/a")
    await store.delete("media/a")
    with pytest.raises(BlobMissing):
        await store.size("media/a")


async def test_a_source_that_fails_leaves_what_was_there(store: Blobs) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 3_000_000
        raise ConnectionResetError("the upload ended")

    await store.put("a", b"before")
    with pytest.raises(ConnectionResetError, match="the upload ended"):
        await store.put("a", failing())
    assert await content(store, "a") == b"before"
    with pytest.raises(ConnectionResetError):
        await store.put("new", failing())
    with pytest.raises(BlobMissing):
        await store.size("new")


async def test_a_failed_upload_leaves_no_files_behind(tmp_path: Path) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 3_000_000
        raise ConnectionResetError

    blobs = Blobs.in_folder(tmp_path / "blobs")
    with pytest.raises(ConnectionResetError):
        await blobs.put("media/a", failing())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("key", ["", "/a", "a/", "../a", "a/../b", "a//b", "a\0b", "a b", ".hidden", "a/.hidden"])
async def test_keys_that_could_leave_the_folder_are_refused(store: Blobs, key: str) -> None:
    for call in (store.put(key, b"x"), store.size(key), store.delete(key), content(store, key)):
        with pytest.raises(ValueError, match="not a blob key"):
            await call


async def test_a_place_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    blobs = Blobs.in_folder(tmp_path / "blobs")
    (tmp_path / "blobs" / "media").write_text("a file where a folder should be")
    with pytest.raises(StorageUnavailable):
        await blobs.put("media/a", b"x")


async def test_blobs_outlive_the_process(tmp_path: Path) -> None:
    await Blobs.in_folder(tmp_path / "blobs").put("media/a", b"kept")
    assert await content(Blobs.in_folder(tmp_path / "blobs"), "media/a") == b"kept"
