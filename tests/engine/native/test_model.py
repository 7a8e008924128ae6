"""Thousands of random steps with a session of the native engine: in the end nothing was lost, doubled or reused.

What may happen at each step: messages both ways (one to one, between two sessions, in a group, encrypted for our
phone alone), stanzas dropped, doubled, delayed or overtaken, acknowledgements lost, late or doubled, a crash before or
after a commit, a cut, a clean restart, a new signed pre-key, no one-time pre-keys left at either end, a contact with
new keys or with devices that come and go. A crash is what the store does when it fails just before or just after it
has written: everything in memory is gone, and the next connection begins from what is stored.

    python -m pytest tests/engine/native/test_model.py -m slow        10,000 steps; MODEL_SEED picks others
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.contracts.engine.lab import ENGINES, Lab, Member, open_lab
from wagate.engine.native import prekeys, redelivery
from wagate.engine.port import Closed, RelayImpossible, RelayUnknown
from wagate.sandbox.faults import Fault, FaultKind, StanzaKind
from wagate.sandbox.model import LinkRefused
from wagate.sandbox.phone import Phone
from wagate.sandbox.record import Direction
from wagate.wire.jid import Jid

SHOP, CAFE = "491700000001", "491700000002"
ADA, BOB = "491700000003", "491700000004"

#: Messages that may be on their way at a time.
WINDOW = 30
SETTLE_SECONDS = 60.0
FIRST_SEED = int(os.environ.get("MODEL_SEED", "100"))

_STANZAS = (StanzaKind.MESSAGE, StanzaKind.RECEIPT, StanzaKind.ACK)
_FAULTS = (FaultKind.DROP, FaultKind.DUPLICATE, FaultKind.DELAY, FaultKind.REORDER)


class Model:
    """What has been promised, and the steps."""

    def __init__(self, lab: Lab, seed: int) -> None:
        self.lab = lab
        self.random = random.Random(seed)
        self.members: dict[str, Member] = {}
        self.phones: dict[str, Phone] = {}
        self.group = Jid("", "g.us")
        #: Text of every message, with who must show or have it.
        self.promised: dict[str, tuple[str, ...]] = {}
        self.steps: Counter[str] = Counter()
        self._sending: set[asyncio.Task[None]] = set()
        self._keeping: list[asyncio.Task[None]] = []
        self._linking: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        for number in (SHOP, CAFE):
            self.members[number] = await self.lab.linked(number)
        for number in (ADA, BOB):
            self.phones[number] = self.lab.phone(number)
        world = self.lab.sandbox.world
        for number in (SHOP, CAFE):
            phone = world.accounts[number].phone
            assert isinstance(phone, Phone)
            self.phones[number] = phone
        group = world.groups.create("All", self.phones[ADA].account, [world.accounts[SHOP], self.phones[BOB].account])
        self.group = group.jid
        self._keeping = [asyncio.create_task(_keep_open(member)) for member in self.members.values()]

    # -- steps

    async def step(self) -> None:
        names = [name for name, weight in WEIGHTS.items() for _ in range(weight)]
        name = self.random.choice(names)
        self.steps[name] += 1
        await getattr(self, name)()
        await asyncio.sleep(0)
        while len(self._sending) > WINDOW:
            await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)

    async def send(self) -> None:
        sender, to, readers = self.random.choice(
            (
                (SHOP, Jid(ADA), (ADA,)),
                (SHOP, Jid(CAFE), (CAFE,)),
                (CAFE, Jid(SHOP), (SHOP,)),
                (CAFE, self.phones[BOB].account.lid_jid, (BOB,)),
                (SHOP, self.group, (ADA, BOB)),
            )
        )
        text = self._promise(sender, readers)
        task = asyncio.create_task(_send_for_sure(self.members[sender], to, text))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def receive(self) -> None:
        sender, to, readers = self.random.choice(
            (
                (ADA, Jid(SHOP), (SHOP,)),
                (BOB, Jid(CAFE), (CAFE,)),
                (ADA, self.group, (SHOP, BOB)),
                (BOB, self.group, (SHOP, ADA)),
            )
        )
        self.phones[sender].outbox.send_text(to, self._promise(sender, readers))

    async def disturb(self) -> None:
        """Something befalls the next few stanzas of a kind."""
        self.lab.sandbox.world.inject(
            Fault(
                kind=self.random.choice(_FAULTS),
                stanza=self.random.choice(_STANZAS),
                direction=self.random.choice((Direction.IN, Direction.OUT)),
                times=self.random.randint(1, 3),
                seconds=0.02,
            )
        )

    async def crash_before_commit(self) -> None:
        await self._crash("before_commit")

    async def crash_after_commit(self) -> None:
        await self._crash("after_commit_before_reply")

    async def cut(self) -> None:
        number = self.random.choice((SHOP, CAFE))
        self.lab.sandbox.world.inject(Fault(kind=FaultKind.CLOSE, session=number, times=1, code=0))

    async def restart(self) -> None:
        await self.members[self.random.choice((SHOP, CAFE))].link.close()

    async def rotate_signed_prekey(self) -> None:
        """The next login finds its signed pre-key old."""
        before, prekeys.SIGNED_SECONDS = prekeys.SIGNED_SECONDS, -1
        await self.restart()
        await asyncio.sleep(0.02)
        prekeys.SIGNED_SECONDS = before

    async def exhaust_prekeys(self) -> None:
        """The server has no one-time keys left to hand out."""
        for device in self.lab.sandbox.world.accounts[self.random.choice((SHOP, CAFE))].devices.values():
            device.prekeys.clear()

    async def lose_acknowledgements(self) -> None:
        kind = self.random.choice((FaultKind.DROP, FaultKind.DELAY, FaultKind.DUPLICATE))
        times = self.random.randint(1, 3)
        self.lab.sandbox.world.inject(Fault(kind=kind, stanza=StanzaKind.MESSAGE_ACK, times=times, seconds=0.1))

    async def withhold(self) -> None:
        """A contact's message is encrypted for our phone alone."""
        sender, member = self.random.choice(((ADA, SHOP), (BOB, CAFE)))
        settings = self.phones[sender].settings
        settings.withhold = ""
        self.phones[sender].outbox.send_text(Jid(member), self._promise(sender, (member,)))
        settings.withhold = None

    async def run_out_of_one_time_keys(self) -> None:
        """A contact's phone has none, or has them again."""
        settings = self.phones[self.random.choice((ADA, BOB))].settings
        settings.one_time_keys = not settings.one_time_keys

    async def come_and_go(self) -> None:
        """A contact links a device, or the one it has goes."""
        phone = self.phones[self.random.choice((ADA, BOB))]
        if phone.account.devices:
            phone.unlink(next(iter(phone.account.devices)))
        else:
            task = asyncio.create_task(self._link(phone))
            self._linking.add(task)
            task.add_done_callback(self._linking.discard)

    async def _link(self, phone: Phone) -> None:
        # A crash may befall the newcomer, who is then not linked; nothing was promised to it.
        with suppress(AssertionError, LinkRefused, TimeoutError):
            await self.lab.another(phone)

    async def forget_sessions(self) -> None:
        """A contact's phone loses its sessions and begins new ones."""
        keys = self.phones[self.random.choice((ADA, BOB))].keys
        for number in (SHOP, CAFE):
            for device in self.lab.sandbox.world.accounts[number].devices:
                keys.forget((number, device))

    async def reinstall(self) -> None:
        """A contact begins anew with other keys."""
        self.phones[self.random.choice((ADA, BOB))].reinstall()

    async def _crash(self, point: str) -> None:
        def crash() -> None:
            self.lab.at_point.pop(point, None)
            raise OSError("the power is gone")

        self.lab.at_point[point] = crash

    def _promise(self, sender: str, readers: tuple[str, ...]) -> str:
        text = f"{sender} {len(self.promised)}"
        self.promised[text] = readers
        return text

    # -- the end

    async def settle(self) -> None:
        """Let everything come to its end without further trouble."""
        self.lab.at_point.clear()
        self.lab.sandbox.world.faults.clear()
        async with asyncio.timeout(SETTLE_SECONDS):
            while self._sending:
                await asyncio.wait(self._sending)
            for number in (SHOP, CAFE):
                # What a dropped receipt or acknowledgement left with the server comes with the next login.
                await self.members[number].link.close()
            while await self.lacking():
                await asyncio.sleep(0.1)

    async def lacking(self) -> list[str]:
        """What has been promised and is not there."""
        has = await self._had()
        return [
            f"{text!r} at {reader}"
            for text, readers in self.promised.items()
            for reader in readers
            if text not in has[reader]
        ]

    async def doubled(self) -> list[str]:
        has = await self._had()
        return [f"{reader}: {text}" for reader, texts in has.items() for text, n in texts.items() if n > 1]

    def stop(self) -> None:
        for task in (*self._keeping, *self._sending, *self._linking):
            task.cancel()

    async def _had(self) -> dict[str, Counter[str]]:
        had: dict[str, Counter[str]] = {}
        for number, member in self.members.items():
            # Sent again under its id, a message is another ciphertext; those above the port tell them by the id.
            texts = {(wa_id, message.conversation) for wa_id, message in await member.messages()}
            had[number] = Counter(text for _, text in texts if text)
        for number in (ADA, BOB):
            had[number] = Counter(message.text for message in self.phones[number].inbox.since(limit=1_000_000))
        return had


#: How often each step comes, beside the others.
WEIGHTS = {
    "send": 40,
    "receive": 30,
    "disturb": 6,
    "crash_before_commit": 2,
    "crash_after_commit": 2,
    "cut": 1,
    "restart": 1,
    "rotate_signed_prekey": 1,
    "exhaust_prekeys": 1,
    "lose_acknowledgements": 2,
    "withhold": 3,
    "run_out_of_one_time_keys": 1,
    "come_and_go": 1,
    "forget_sessions": 1,
    "reinstall": 1,
}


async def _keep_open(member: Member) -> None:
    while True:
        await member.next(Closed, patience=3600)
        await member.open()


async def _send_for_sure(member: Member, to: Jid, text: str) -> None:
    message_id = "3EB0" + os.urandom(9).hex().upper()
    while True:
        try:
            await member.relay(to, text, message_id)
            return
        except (RelayUnknown, RelayImpossible):
            await asyncio.sleep(0.02)


@asynccontextmanager
async def modelled(folder: Path, seed: int) -> AsyncIterator[Model]:
    async with open_lab(folder, ENGINES["native"]) as lab:
        model = Model(lab, seed)
        try:
            await model.begin()
            yield model
        finally:
            model.stop()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropped acknowledgements are what this is about; a minute for each would be all that it takes."""
    monkeypatch.setattr(redelivery, "ACK_SECONDS", 1.0)


async def run(folder: Path, seed: int, steps: int) -> None:
    async with modelled(folder, seed) as model:
        for _ in range(steps):
            await model.step()
        try:
            await model.settle()
        except TimeoutError:
            lacking = await model.lacking()
            raise AssertionError(f"seed {seed}: never arrived: {lacking[:20]} of {len(model.promised)}") from None
        assert await model.doubled() == [], f"seed {seed}"
        assert model.lab.counters_used_twice() == [], f"seed {seed}"
        assert all(model.steps[name] for name in WEIGHTS), f"seed {seed} never took some step: {model.steps}"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [1, 2])
async def test_no_chat_breaks_and_no_counter_is_used_twice(tmp_path: Path, seed: int) -> None:
    await run(tmp_path, seed, 500)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + 10))
async def test_ten_thousand_steps(tmp_path: Path, seed: int) -> None:
    await run(tmp_path, seed, 1_000)
