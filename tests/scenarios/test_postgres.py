"""The whole program on PostgreSQL: the same code, another URL."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenarios.rig import open_rig

pytestmark = pytest.mark.postgres


async def test_link_send_receive_and_come_back_after_a_kill_on_postgresql(
    tmp_path: Path, engine: str, new_postgres_database: Callable[[], str], shop: str, ada: str
) -> None:
    async with open_rig(tmp_path, engine, WAGATE_DATABASE_URL=new_postgres_database()) as rig:
        session = await rig.linked(shop)
        await rig.phone(ada)
        await rig.subscribe()
        sent = await rig.send(session, ada, text="from PostgreSQL")
        assert (await rig.shown(ada, sent["waId"]))["text"] == "from PostgreSQL"

        await rig.kill_gateway()
        missed = await rig.phone_sends(ada, to=shop, text="while it was dead")
        await rig.start_gateway()

        assert (await rig.told("message.received", missed))["data"]["text"] == "while it was dead"
        again = await rig.send(session, ada, text="back")
        assert (await rig.shown(ada, again["waId"]))["seen"] == 1

        other = "native" if engine == "baileys" else "baileys"
        await rig.api.call("POST", f"/api/sessions/{session}/engine", {"engine": other})
        assert (await rig.reaches(session, "connected"))["engine"] == other
        moved = await rig.send(session, ada, text="by another engine")
        assert (await rig.shown(ada, moved["waId"]))["seen"] == 1
