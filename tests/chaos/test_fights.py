"""F18: sessions have one owner, however many reach for them at once."""

import pytest

from tests.chaos.fights import fights_for, wanted_session
from wagate.storage import schema

pytestmark = pytest.mark.postgres


async def test_of_a_hundred_that_claim_a_session_at_once_one_has_it_and_the_one_before_can_write_no_more(
    postgres_url: str,
) -> None:
    await schema.migrate(postgres_url)
    session = await wanted_session(postgres_url)

    async with fights_for(postgres_url, session, claimers=100) as fights:
        for _ in range(10):
            await fights.fight()

    assert fights.winners == {1: 10}
    assert (fights.refused, fights.accepted_stale) == (10, 0)
