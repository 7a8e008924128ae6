"""Keeping the tables small: old protobufs and idempotency keys are forgotten, a little at a time."""

from typing import Final

from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.core.logging import get_logger
from wagate.messages import store
from wagate.messages.service.query import PAYLOADS_FOR
from wagate.storage.database import Database

_EVERY_SECONDS: Final = 600.0
#: Rows emptied in one transaction: others' writes wait for it.
_BATCH: Final = 500

_log = get_logger("messages.jobs")


async def tidy(db: Database, clock: Clock) -> int:
    """Forget what is too old; how many protobufs were."""
    now = clock.now()
    await db.write(lambda tx: store.drop_keys(tx, now))
    emptied = 0
    while batch := await db.write(lambda tx: store.empty_payloads(tx, now - PAYLOADS_FOR, _BATCH)):
        emptied += batch
    return emptied


async def run(db: Database, clock: Clock) -> None:
    """Tidy every ten minutes until cancelled."""
    while True:
        try:
            emptied = await tidy(db, clock)
            if emptied:
                _log.info("old message contents forgotten", count=emptied)
        except Unavailable as error:
            _log.warning("tidying messages has to wait", code=error.code)
        await clock.sleep(_EVERY_SECONDS)
