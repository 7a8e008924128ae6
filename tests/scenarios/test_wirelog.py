"""A gateway that was asked for a wire log writes one, of sessions of either engine, and another one does not."""

import stat
from pathlib import Path

import pytest

from tests.scenarios.rig import new_number, open_rig
from wagate.engine.wirecompare import shapes


@pytest.mark.parametrize("engine", ["native", pytest.param("baileys", marks=pytest.mark.bridge)])
async def test_a_gateway_writes_what_it_was_asked_to(tmp_path: Path, engine: str) -> None:
    number = new_number()
    async with open_rig(tmp_path, engine, WAGATE_WIRE_LOG=str(tmp_path / "wire")) as rig:
        session = await rig.linked(number)
    file = tmp_path / "wire" / f"{session}.log"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert number not in text
    # Both connections are in it: the one that linked, and the one that logged in.
    kinds = " ".join(shape.kind for shape in shapes(text.splitlines()))
    assert "/ pair-device" in kinds
    assert "< success" in kinds


async def test_a_gateway_writes_none_unless_asked(tmp_path: Path) -> None:
    async with open_rig(tmp_path, "native") as rig:
        session = await rig.linked(new_number())
    assert not list(tmp_path.rglob(f"{session}*"))
