"""What becomes of requests and of files on their way in while the file store is away."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest

from tests.media.conftest import MAX_BYTES
from tests.media.test_api import PDF, upload
from tests.media.test_jobs import PNG, SESSION, Rig, ScriptedLink, WatchedClock
from tests.servers import Buckets
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing
from wagate.media.api import router
from wagate.media.model import MediaState
from wagate.media.service import Library
from wagate.media.service.incoming import IncomingFiles
from wagate.media.store import media
from wagate.storage.blobs import Blobs
from wagate.storage.bucket import BucketPlace
from wagate.storage.bus import Bus
from wagate.storage.database import Database
from wagate.storage.pending import AFTER_ERROR_SECONDS
from wagate.web.principal import Principal
from wagate.web.testing import AsgiClient, app_of

BUCKET = "whatsapp-media"


@pytest.fixture
def blobs(s3_server: Buckets) -> Blobs:
    """In a bucket."""
    s3_server.make(BUCKET)
    return Blobs.in_bucket(
        BucketPlace(
            bucket=BUCKET,
            endpoint=s3_server.endpoint,
            access_key_id=s3_server.access_key_id,
            secret_access_key=s3_server.secret_access_key,
        )
    )


async def test_requests_with_files_answer_503_at_once_and_leave_nothing_half_done(
    library: Library, db: Database, ada: Principal, s3_server: Buckets
) -> None:
    assert library.max_bytes == MAX_BYTES
    client = AsgiClient(app_of(router(library), keys={"wag_ada": ada}), "wag_ada")
    kept = (await upload(client, PDF)).json()
    s3_server.stop()
    for answer in (
        await upload(client, PDF),
        await client.get(kept["url"]),
        await client.get(kept["url"], headers={"range": "bytes=0-3"}),
    ):
        assert (answer.status, answer.json()["code"]) == (503, "storage_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    rows = await db.read(lambda tx: tx.execute(media.select()).all())
    assert [row.id for row in rows] == [kept["id"]]
    s3_server.start()
    served = await client.get(kept["url"])
    assert (served.status, served.body) == (200, PDF)


async def test_a_file_that_cannot_be_deleted_does_not_hide_why_it_was_refused(
    library: Library, ada: Principal, s3_server: Buckets
) -> None:
    item = await library.take_bytes(ada.account_id, PDF)
    s3_server.stop()
    await library.discard(item)
    assert await library.find_own(ada.account_id, item.id) is None


@pytest.fixture
async def rig(db: Database, blobs: Blobs, bus: Bus, ring: KeyRing, entropy: Entropy) -> AsyncIterator[Rig]:
    clock = WatchedClock()
    bus._clock = clock
    rig = Rig(db, blobs, bus, ring, clock, IncomingFiles(bus=bus, ring=ring, clock=clock, entropy=entropy))
    rig.links[SESSION] = ScriptedLink(clock)
    yield rig
    await rig.stop()


async def test_files_that_came_in_meanwhile_are_caught_up_and_fetched_only_once_there_is_a_place_for_them(
    rig: Rig, s3_server: Buckets
) -> None:
    s3_server.stop()
    rig.start()
    await rig.quiet()
    items = [await rig.announce() for _ in range(3)]
    for _ in range(10):
        await rig.clock.advance(AFTER_ERROR_SECONDS)
        await asyncio.sleep(0.2)
    assert rig.settled == []
    asked_meanwhile = len(rig.hosts.asked)
    assert asked_meanwhile <= len(items)
    s3_server.start()
    for _ in range(100):
        if len(rig.settled) == len(items):
            break
        await rig.clock.advance(AFTER_ERROR_SECONDS)
        await asyncio.sleep(0.1)
    assert len(rig.hosts.asked) == asked_meanwhile + len(items)
    for item in items:
        found = await rig.row(item)
        assert (found.state, found.sha256) == (MediaState.READY, hashlib.sha256(PNG).hexdigest())
        stored = s3_server.client().get_object(Bucket=BUCKET, Key=item.blob)["Body"].read()
        assert stored == PNG
