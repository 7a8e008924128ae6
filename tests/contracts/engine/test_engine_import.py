"""The folder of a Baileys program becomes a session, and its chats go on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.engine.lab import ENGINES, Lab, open_lab, until
from tests.contracts.engine.program import run_program
from tests.contracts.engine.test_engine_moving import shown, well
from wagate.cli.importing import read_files
from wagate.engine.moving import read_folder
from wagate.wire.jid import Jid

pytestmark = pytest.mark.bridge

SHOP = "491700000001"
ADA = "491700000002"
BOB = "491700000003"


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> str:
    """The engine that goes on with what the program began."""
    return str(request.param)


@pytest.fixture
async def lab(engine: str, tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path, ENGINES[engine]) as lab:
        yield lab


async def test_the_chats_of_an_imported_program_go_on(lab: Lab, engine: str, tmp_path: Path) -> None:
    phone, ada, bob = lab.phone(SHOP), lab.phone(ADA), lab.phone(BOB)
    world = lab.sandbox.world
    group = world.groups.create("Orders", ada.account, [phone.account, bob.account])
    folder = tmp_path / "auth"
    async with run_program(lab.endpoint, folder) as program:
        await phone.linking.scan(await program.says("qr"))
        await program.says("online")
        ada.outbox.send_text(Jid(SHOP), "ada 1")
        assert await program.says("text") == "ada 1"
        await program.send(f"{ADA}@s.whatsapp.net", "shop 1")
        ada.outbox.send_text(group.jid, "group 1")
        assert await program.says("text") == "group 1"
        await program.send(str(group.jid), "shop to group 1")
        await program.stop()
    ada.outbox.send_text(Jid(SHOP), "ada 2, to nobody at home")
    ada.outbox.send_text(group.jid, "group 2, to nobody at home")

    device = read_folder(read_files(folder), engine)
    shop = await lab.member(SHOP)
    await lab.db.write(await lab.keys.rewriting(shop.id, lambda _: device.records))
    online = await shop.online()

    assert online.identity.jid == device.identity.jid
    assert set(await shop.has_texts(2)) == {"ada 2, to nobody at home", "group 2, to nobody at home"}
    await shop.relay(ADA, "shop 2")
    await shop.relay(group.jid, "shop to group 2")
    ada.outbox.send_text(Jid(SHOP), "ada 3")
    bob.outbox.send_text(group.jid, "bob 1")
    assert set((await shop.has_texts(4))[2:]) == {"ada 3", "bob 1"}
    await until(lambda: len(shown(ada)) == 5)
    assert set(shown(ada)) == {"shop 1", "shop to group 1", "shop 2", "shop to group 2", "bob 1"}
    await well(lab, shop)
