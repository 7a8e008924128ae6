"""One parser under the fuzzer, and the keys that all samples are made with."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.fuzz.mutate import Mutator
from wagate.wire.certs import issue_chain
from wagate.wire.keys import KeyPair

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ENTROPY = random.Random(1).randbytes
ROOT, SERVER, CLIENT, OTHER = (KeyPair.generate(ENTROPY) for _ in range(4))
CHAIN = issue_chain(ROOT, SERVER.public, NOW, ENTROPY)


class Unsound(AssertionError):
    """A parser took something that it should not have, or changed what it should have left alone."""


@dataclass(frozen=True, slots=True)
class Parser:
    """``make`` draws one damaged input, ``parse`` is what a peer's bytes go through."""

    name: str
    make: Callable[[Mutator], bytes]
    parse: Callable[[bytes], object]
    allowed: tuple[type[Exception], ...] = ()
    #: How much dearer one input is than a cheap parser's.
    cost: int = 1
