"""What all links of an engine have in common."""

import os
from dataclasses import dataclass, field

from wagate.core.clock import Clock
from wagate.engine.native.client import ClientVersion
from wagate.engine.native.directory import DEVICE_LIST_SECONDS, DEVICE_LISTS, Devices
from wagate.engine.native.groups import MEMBERSHIP_SECONDS, MEMBERSHIPS, Groups
from wagate.engine.native.lru import Lru
from wagate.engine.native.vault import MEMORY_RECORDS, Memory
from wagate.engine.points import Reach
from wagate.engine.port import Faults, FetchBlob, SentMessage
from wagate.engine.store import KeyStore
from wagate.engine.wirelog import WireLog
from wagate.wire.keys import Entropy


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Made once for an engine. ``faults`` and ``reach`` are for tests."""

    keys: KeyStore
    clock: Clock
    sent_message: SentMessage | None = None
    fetch_blob: FetchBlob | None = None
    version: ClientVersion = field(default_factory=ClientVersion)
    faults: Faults | None = None
    reach: Reach | None = None
    wire_log: WireLog | None = None
    entropy: Entropy = os.urandom
    memory: Memory = field(default_factory=lambda: Lru(MEMORY_RECORDS), init=False)
    devices: Devices = field(init=False)
    groups: Groups = field(init=False)

    def __post_init__(self) -> None:
        monotonic = self.clock.monotonic
        object.__setattr__(self, "devices", Lru(DEVICE_LISTS, max_age=DEVICE_LIST_SECONDS, monotonic=monotonic))
        object.__setattr__(self, "groups", Lru(MEMBERSHIPS, max_age=MEMBERSHIP_SECONDS, monotonic=monotonic))
