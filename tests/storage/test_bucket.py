"""Files in a bucket, and what becomes of requests while the store is away, hangs or cuts answers off."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs

from tests.servers import Buckets
from wagate.core.errors import StartupError
from wagate.storage.blobs import BlobMissing, Blobs
from wagate.storage.bucket import BucketPlace
from wagate.storage.errors import StorageUnavailable

BUCKET = "whatsapp-media"
MIB = 1024 * 1024


def place(endpoint: str, bucket: str = BUCKET) -> BucketPlace:
    return BucketPlace(
        bucket=bucket,
        endpoint=endpoint,
        region=Buckets.region,
        access_key_id=Buckets.access_key_id,
        secret_access_key=Buckets.secret_access_key,
    )


@pytest.fixture
def blobs(s3_server: Buckets) -> Blobs:
    s3_server.make(BUCKET)
    return Blobs.in_bucket(place(s3_server.endpoint))


async def content(blobs: Blobs, key: str, start: int | None = None, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in blobs.get(key, start, end)])


async def pieces(size: int, failure: Exception | None = None) -> AsyncIterator[bytes]:
    for number in range(0, size, 100_000):
        yield bytes([number % 251]) * min(100_000, size - number)
    if failure is not None:
        raise failure


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 12 * MIB + 1])
async def test_streams_of_every_size_come_back_as_they_went_in(blobs: Blobs, s3_server: Buckets, size: int) -> None:
    assert await blobs.put("media/a", pieces(size)) == size
    expected = b"".join([piece async for piece in pieces(size)])
    assert await content(blobs, "media/a") == expected
    assert await blobs.size("media/a") == size
    stored = s3_server.client().get_object(Bucket=BUCKET, Key="media/a")["Body"].read()
    assert stored == expected


async def test_a_range_is_the_same_as_slicing(blobs: Blobs) -> None:
    whole = b"".join([piece async for piece in pieces(5 * MIB)])
    await blobs.put("media/a", whole)
    for start, end in ((0, 10), (2 * MIB - 1, 4 * MIB + 1), (5 * MIB, None), (None, 3)):
        assert await content(blobs, "media/a", start, end) == whole[slice(start, end)]


async def test_a_deleted_or_unknown_blob_is_missing(blobs: Blobs) -> None:
    await blobs.put("media/a", b"x")
    await blobs.delete("media/a")
    await blobs.delete("media/a")
    with pytest.raises(BlobMissing):
        await content(blobs, "media/a")


@pytest.mark.parametrize("size", [1000, 12 * MIB])
async def test_a_source_that_fails_leaves_nothing_and_no_parts(blobs: Blobs, s3_server: Buckets, size: int) -> None:
    with pytest.raises(ValueError, match="source"):
        await blobs.put("media/a", pieces(size, ValueError("source")))
    with pytest.raises(BlobMissing):
        await blobs.size("media/a")
    assert not s3_server.client().list_multipart_uploads(Bucket=BUCKET).get("Uploads")


async def test_a_bucket_that_does_not_exist_is_trouble_and_not_a_missing_file(s3_server: Buckets) -> None:
    blobs = Blobs.in_bucket(place(s3_server.endpoint, "no-such-bucket"))
    for work in (blobs.size("media/a"), blobs.put("media/a", b"x"), blobs.check()):
        with pytest.raises(StorageUnavailable):
            await work


async def test_a_store_that_is_away_fails_requests_soon_and_serves_them_when_it_is_back(
    blobs: Blobs, s3_server: Buckets
) -> None:
    await blobs.put("media/a", b"kept")
    s3_server.stop()
    with capture_logs() as lines:
        for _ in range(2):
            for work in (content(blobs, "media/a"), blobs.put("media/b", pieces(1000)), blobs.delete("media/a")):
                with at_most(5), pytest.raises(StorageUnavailable) as refusal:
                    await work
                assert refusal.value.retry_after is not None
        s3_server.start()
        assert await content(blobs, "media/a") == b"kept"
        assert await blobs.put("media/b", pieces(1000)) == 1000
    assert [line["event"] for line in lines] == ["the file store failed", "the file store is back"]


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a server that takes connections and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(128)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


async def test_a_store_that_hangs_costs_ten_seconds_once_and_then_two(silent: str) -> None:
    blobs = Blobs.in_bucket(place(silent))
    with at_most(10), pytest.raises(StorageUnavailable):
        await blobs.put("media/a", b"x")
    with at_most(2.5):
        results = await asyncio.gather(*(blobs.put("media/a", b"x") for _ in range(50)), return_exceptions=True)
    assert {type(result) for result in results} == {StorageUnavailable}


async def test_an_answer_that_is_cut_off_is_never_taken_for_the_file(s3_server: Buckets) -> None:
    s3_server.make(BUCKET)
    whole = bytes(range(256)) * 1000
    await Blobs.in_bucket(place(s3_server.endpoint)).put("media/a", whole)

    cuts = 0

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer as the store does, but end GETs of objects in the middle."""
        nonlocal cuts
        request = await reader.readuntil(b"\r\n\r\n")
        port = int(s3_server.endpoint.rpartition(":")[2])
        near, far = await asyncio.open_connection("127.0.0.1", port)
        far.write(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = await near.read()
        if request.startswith(b"GET") and b"/media/a" in request.split(b"\r\n")[0]:
            cuts += 1
            answer = answer[:-1000]
        writer.write(answer)
        await writer.drain()
        for stream in (writer, far):
            stream.close()
            with contextlib.suppress(ConnectionError):
                await stream.wait_closed()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    cutting = Blobs.in_bucket(place(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    with at_most(10), pytest.raises(StorageUnavailable):
        await content(cutting, "media/a")
    assert cuts > 0
    server.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "s3.example"},
        {"endpoint": "ftp://s3.example"},
        {"endpoint": "https://key:secret@s3.example"},
        {"access_key_id": "key"},
        {"secret_access_key": "secret"},
    ],
)
def test_a_place_that_cannot_be_one_is_refused_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(StartupError) as refusal:
        Blobs.in_bucket(BucketPlace(bucket=BUCKET, **wrong))
    assert "secret@" not in str(refusal.value)


def test_the_secret_key_is_not_shown() -> None:
    assert "test-secret" not in repr(place("http://s3.example"))
