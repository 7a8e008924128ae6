"""No input ends a parser otherwise than by the errors that it names, and none takes it long.

python -m pytest tests/fuzz -m slow          FUZZ_INPUTS (100,000) a parser; FUZZ_SEED picks others
"""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from tests.fuzz.mutate import Mutator
from tests.fuzz.parsers import PARSERS, Parser

#: Of computing. Far more than any input needs (the dearest are handshakes, codes and large stanzas).
HANG_SECONDS = 3.0
SHORT_INPUTS = 1_200
SEED = os.environ.get("FUZZ_SEED", "1")
LONG_INPUTS = int(os.environ.get("FUZZ_INPUTS", "100000"))


class Hangs(BaseException):
    """Raised by the alarm; no parser catches it."""


@contextmanager
def alarm() -> Iterator[None]:
    def rings(_signal: int, _frame: FrameType | None) -> None:
        raise Hangs

    before = signal.signal(signal.SIGPROF, rings)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def fuzz(parser: Parser, inputs: int) -> int:
    """Try so many inputs; how many were taken."""
    taken = 0
    with alarm():
        for number in range(inputs):
            data = parser.make(Mutator(random.Random(f"{SEED}/{parser.name}/{number}")))
            signal.setitimer(signal.ITIMER_PROF, HANG_SECONDS)
            try:
                parser.parse(data)
                taken += 1
            except parser.allowed:
                pass
            except (Exception, Hangs) as error:  # noqa: BLE001 - whatever else it was, that is the finding
                pytest.fail(
                    f"{parser.name}: {type(error).__name__}: {str(error)[:200]}\n"
                    f"FUZZ_SEED={SEED}, input {number}: {data[:2_000].hex()}"
                )
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
    return taken


@pytest.mark.parametrize("parser", PARSERS, ids=lambda p: p.name)
def test_a_parser_takes_or_refuses_whatever_comes(parser: Parser) -> None:
    inputs = max(SHORT_INPUTS // parser.cost, 4)
    taken = fuzz(parser, inputs)
    assert taken < inputs or not parser.allowed, "nothing was damaged"


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("parser", PARSERS, ids=lambda p: p.name)
def test_a_parser_takes_or_refuses_very_much(parser: Parser) -> None:
    fuzz(parser, max(LONG_INPUTS // max(parser.cost // 10, 1), 100))
