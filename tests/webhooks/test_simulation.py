"""Random receivers, restarts and crashes by seed: every event arrives, and is first told in the order of its chat."""

import random
from collections import defaultdict
from datetime import timedelta

import pytest

from tests.webhooks.receiver import Call, status
from tests.webhooks.rig import Rig
from wagate.web.egress import EgressFailed, EgressResponse, FailureKind
from wagate.webhooks.model import DeliveryStatus

URLS = [f"https://ada.example/{n}" for n in range(3)]
CHATS = 4


def moody(chance: random.Random, rig: Rig) -> None:
    """Receivers that are up most of the time."""

    async def slow(_: Call) -> EgressResponse:
        for _ in range(chance.randrange(5)):
            await rig.event_loop_turn()
        return status(204)

    def behave(call: Call) -> object:
        mood = chance.random()
        if mood < 0.1:
            raise EgressFailed(FailureKind.CONNECT)
        if mood < 0.2:
            return status(500)
        if mood < 0.25:
            return status(429, retry_after=str(chance.randrange(10)))
        return slow(call) if mood < 0.5 else status(204)

    for url in URLS:
        rig.receivers.behaviour[url] = behave  # type: ignore[assignment]


@pytest.mark.parametrize("seed", range(4))
async def test_every_event_arrives_and_is_first_told_in_order(rig: Rig, seed: int) -> None:
    chance = random.Random(seed)
    endpoints = [(await rig.endpoint(url))[0] for url in URLS]
    moody(chance, rig)
    sent = 0
    for _ in range(25):
        count = chance.choice((1, 2, 5, 150))
        await rig.events(count, chat=lambda n: str(n % CHATS), first=sent)
        sent += count
        match chance.randrange(4):
            case 0:
                await rig.pass_time(timedelta(seconds=chance.uniform(0, 20)))
            case 1:
                for _ in range(chance.randrange(20)):
                    await rig.event_loop_turn()
                await rig.crash()
                await rig.start()
            case 2:
                await rig.restart()
            case _:
                await rig.event_loop_turn()
    for url in URLS:
        rig.receivers.works(url)
    await rig.pass_time()

    for url, endpoint in zip(URLS, endpoints, strict=True):
        first_told: defaultdict[str, list[int]] = defaultdict(list)
        told: set[int] = set()
        for call in rig.receivers.at(url):
            number = call.data["first"] + call.data["n"]
            if number not in told:
                told.add(number)
                first_told[call.data["chat"]].append(number)
        assert told == set(range(sent))
        for numbers in first_told.values():
            assert numbers == sorted(numbers)
        found = await rig.deliveries(endpoint)
        assert len(found) == sent
        assert {d.status for d in found} == {DeliveryStatus.DELIVERED}
