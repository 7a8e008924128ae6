from pathlib import Path

import pytest

from tests.backups.world import World
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing
from wagate.storage.blobs import Blobs
from wagate.storage.bus import Bus, Kv
from wagate.storage.database import Database


@pytest.fixture
def world(
    database: Database, clock: ManualClock, bus: Bus, kv: Kv, ring: KeyRing, entropy: Entropy, tmp_path: Path
) -> World:
    return World(database, clock, bus, kv, ring, entropy, Blobs.in_folder(tmp_path / "backups"))
