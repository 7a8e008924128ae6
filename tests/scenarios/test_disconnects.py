"""Every way in which WhatsApp ends a connection, and what follows: docs/reference/disconnects.md, done for real.

Each code has a session of its own, and all of them are struck at once: the time it takes is that of one.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.scenarios.rig import Json, Rig, new_number, open_rig
from wagate.sessions.model import REACTIONS, Reaction, ReactionKind, SessionStatus, reaction_to

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

#: Every code of the table that a server can send, one that nobody knows, and the form in which it comes.
CODES = [*sorted(code for code in REACTIONS if code >= 400 and code != 440), 599]
FORMS = ("streamError", "failure")

_COMES_BACK = (ReactionKind.RECONNECT_NOW, ReactionKind.BACKOFF, ReactionKind.BACKOFF_LIMITED)


@dataclass(frozen=True, slots=True)
class Struck:
    """A session that was struck by a code, and how often it had logged in before."""

    number: str
    session: str
    device: str
    logins: int


@dataclass(frozen=True, slots=True)
class Field:
    rig: Rig
    struck: dict[tuple[int, str], Struck]
    replaced: Struck


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def field(tmp_path_factory: pytest.TempPathFactory, engine: str) -> AsyncIterator[Field]:
    """A session for each code and form, struck: by a stream error while online, or by refusing the next login."""
    async with open_rig(tmp_path_factory.mktemp("field"), engine) as rig:
        linking = asyncio.Semaphore(4)

        async def linked() -> Struck:
            number = new_number()
            async with linking:
                session = await rig.linked(number)
            return Struck(number, session, (await rig.session(session))["me"]["jid"], await rig.logins(number))

        ways = [(code, form) for form in FORMS for code in CODES]
        *members, replaced = await asyncio.gather(*(linked() for _ in ways), linked())
        struck = dict(zip(ways, members, strict=True))
        for (code, form), one in struck.items():
            if form == "streamError":
                await rig.fault(kind="close", code=code, session=one.number)
            else:
                await rig.fault(kind="refuseLogin", code=code, session=one.number, times=1)
                await rig.api.call("POST", f"/api/sessions/{one.session}/reconnect")
        await rig.fault(kind="close", closeAs="replaced", session=replaced.number)
        yield Field(rig, struck, replaced)


async def ended(rig: Rig, session: str, reaction: Reaction) -> Json:
    """Wait until the history of the session says what the table wants it to say."""

    async def look() -> Json | None:
        told = await rig.events("session.status", session=session)
        found = [e["data"] for e in told if e["data"]["statusReason"] == reaction.reason]
        return next((s for s in found if s["status"] == reaction.status), None)

    return await rig.until(look, f"{session} is {reaction.status} because of {reaction.reason}")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("code", CODES)
async def test_a_code_leads_where_the_table_says(field: Field, code: int, form: str) -> None:
    rig, one = field.rig, field.struck[code, form]
    reaction = reaction_to(code, linking=False)

    seen = await ended(rig, one.session, reaction)

    refused = 1 if form == "failure" else 0
    assert len([e for e in await rig.wire(one.number) if e["stanza"] == "refused"]) >= refused
    if reaction.kind in _COMES_BACK:
        # As the same device: nothing was linked anew.
        back = await rig.reaches(one.session, "connected")
        assert back["me"]["jid"] == one.device
        assert await rig.logins(one.number) == one.logins + 1
        return
    assert (seen["me"] is None) is reaction.wipes_keys
    assert (await rig.session(one.session))["status"] == reaction.status
    assert await rig.logins(one.number) == one.logins, "it logged in although it had to stop"


async def test_being_replaced_440_is_a_conflict_and_nobody_fights_back(field: Field) -> None:
    rig, one = field.rig, field.replaced
    await ended(rig, one.session, REACTIONS[440])

    # A neighbour's whole linking is time enough for a reconnect that must not come.
    await rig.linked(new_number(), "neighbour")

    assert (await rig.session(one.session))["status"] == SessionStatus.CONFLICT
    assert await rig.logins(one.number) == one.logins
    await rig.api.call("POST", f"/api/sessions/{one.session}/connect")
    assert (await rig.reaches(one.session, "connected"))["me"]["jid"] == one.device


async def test_who_stopped_stays_stopped_and_comes_back_when_asked_as_far_as_it_is_still_linked(field: Field) -> None:
    rig = field.rig
    stopped = {
        way: one
        for way, one in field.struck.items()
        if (kind := reaction_to(way[0], linking=False).kind) not in _COMES_BACK and kind is not ReactionKind.WAIT_UNTIL
    }
    for (code, _), one in stopped.items():
        await ended(rig, one.session, reaction_to(code, linking=False))
        # All the other codes have had their effect meanwhile.
        assert await rig.logins(one.number) == one.logins

    await asyncio.gather(*(rig.api.call("POST", f"/api/sessions/{o.session}/connect") for o in stopped.values()))

    for (code, _), one in stopped.items():
        if reaction_to(code, linking=False).wipes_keys:
            await rig.reaches(one.session, "qr_required")
        else:
            assert (await rig.reaches(one.session, "connected"))["me"]["jid"] == one.device


async def test_a_ban_is_not_ended_by_wishing(field: Field) -> None:
    rig = field.rig
    for form in FORMS:
        one = field.struck[402, form]
        await ended(rig, one.session, REACTIONS[402])
        await rig.api.call("POST", f"/api/sessions/{one.session}/reconnect")
        await rig.api.call("POST", f"/api/sessions/{one.session}/connect")

    await rig.linked(new_number(), "neighbour")

    for form in FORMS:
        one = field.struck[402, form]
        assert (await rig.session(one.session))["status"] == SessionStatus.BANNED
        assert await rig.logins(one.number) == one.logins
