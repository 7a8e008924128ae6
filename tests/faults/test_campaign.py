"""The fault run's own tools."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.campaign import lives

WAITS = (sys.executable, "-c", "input()")


def test_a_process_lives_until_it_has_ended() -> None:
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE) as process:
        assert lives(process.pid)
        process.kill()
    assert not lives(process.pid)


def test_a_process_that_ends_while_it_is_looked_at_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE) as process:

        def read_late(path: Path) -> str:
            with path.open() as opened:
                process.kill()
                process.wait()
                return opened.read()

        monkeypatch.setattr(Path, "read_text", read_late)

        assert not lives(process.pid)
