"""The settings that an account's devices share, between the native engine and phones that keep them honestly or not."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.engine.lab import PATIENCE, Lab, Member
from wagate.engine.native import appstate
from wagate.engine.native.appstate import AppState, CollectionStopped
from wagate.engine.port import InboxKind, QrIssued
from wagate.sandbox.phone import Phone
from wagate.sandbox.statedelivery import Snapshots
from wagate.wire.appstate import COLLECTIONS, Fault, Mutation
from wagate.wire.proto import wa_pb2 as wa

SHOP = "491700000001"
ADA = "491700000002"

#: A setting as told: collection, operation, what it is about, and until when (of a mute).
Told = tuple[str, str, tuple[str, ...], int]


def mute(chat: str, until: int = 7, *, remove: bool = False) -> Mutation:
    value = wa.SyncActionValue(timestamp=1_700_000_000_000)
    value.muteAction.muted = True
    value.muteAction.muteEndTimestamp = until
    return Mutation(index=("mute", f"{chat}@s.whatsapp.net"), value=value, version=2, remove=remove)


def mutes(count: int, until: int = 7) -> list[Mutation]:
    return [mute(str(number), until) for number in range(count)]


async def told(member: Member) -> list[Told]:
    """The settings in the inbox, in order."""
    found = []
    for item in await member.inbox():
        if item.kind is InboxKind.SETTING:
            value = wa.SyncActionValue.FromString(item.plaintext)
            index = tuple(json.loads(item.stanza.get("index") or "[]"))
            attrs = item.stanza
            found.append((attrs.get("collection"), attrs.get("operation"), index, value.muteAction.muteEndTimestamp))
    return found


async def muted(member: Member, name: str = "regular_high") -> dict[str, int]:
    """What a reader of the inbox takes to be muted, who follows its rules."""
    now: dict[str, int] = {}
    for collection, operation, index, until in await told(member):
        if collection != name:
            continue
        if operation == "begin":
            now.clear()
        elif operation == "remove":
            now.pop(index[1], None)
        elif index[0] == "mute":
            now[index[1]] = until
    return now


def names(count: int, until: int = 7) -> dict[str, int]:
    return {f"{number}@s.whatsapp.net": until for number in range(count)}


async def eventually(what: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await what():
            await asyncio.sleep(0.02)


async def comes_to(member: Member, wanted: dict[str, int], name: str = "regular_high") -> None:
    async def look() -> bool:
        return await muted(member, name) == wanted

    try:
        await eventually(look)
    except TimeoutError:
        assert await muted(member, name) == wanted


async def link_to(lab: Lab, prepare: Callable[[Phone], None]) -> tuple[Phone, Member]:
    """A session that is linked to a phone with settings of its own."""
    phone = lab.phone(SHOP, "Shop")
    prepare(phone)
    member = await lab.member(SHOP)
    await member.open()
    await phone.linking.scan((await member.next(QrIssued)).code)
    await asyncio.sleep(0)
    await eventually(lambda: _closed(member))
    await member.online()
    return phone, member


async def _closed(member: Member) -> bool:
    return any(getattr(event, "code", 0) == 515 for event in member.events)


def state_of(member: Member) -> AppState:
    return member.link._app_state  # type: ignore[attr-defined,no-any-return]  # the lab's engine is the native one


async def test_all_collections_are_fetched_in_one_question_after_the_first_login_and_told_in_order(lab: Lab) -> None:
    def prepare(phone: Phone) -> None:
        for name in COLLECTIONS:
            phone.state.change(name, [mute("1", 1)])
            phone.state.change(name, [mute("1", 2), mute("2", 3)])
            phone.state.change(name, [mute("2", remove=True)])

    _, shop = await link_to(lab, prepare)

    for name in COLLECTIONS:
        await comes_to(shop, {"1@s.whatsapp.net": 2}, name)
    of_one = [t[1:] for t in await told(shop) if t[0] == "regular_low"]
    one, two = ("mute", "1@s.whatsapp.net"), ("mute", "2@s.whatsapp.net")
    assert of_one == [("set", one, 1), ("set", one, 2), ("set", two, 3), ("remove", two, 0)]
    questions = [e for e in shop.wire("iq") if "w:sync:app:state" in str(e.as_dict())]
    assert len(questions) == 1


async def test_a_change_is_fetched_when_the_server_tells_of_it_and_when_it_was_missed(lab: Lab) -> None:
    phone, shop = await link_to(lab, lambda phone: phone.state.change("regular_high", [mute("0")]))
    await comes_to(shop, names(1))
    phone.change_settings("regular_high", mutes(2, 9))
    await comes_to(shop, names(2, 9))
    await shop.link.close()
    phone.change_settings("regular_high", mutes(3, 11))
    await shop.online()
    await comes_to(shop, names(3, 11))


@pytest.mark.parametrize("snapshots", [Snapshots.INLINE, Snapshots.EXTERNAL])
async def test_a_snapshot_is_read_whether_it_comes_itself_or_as_a_reference(lab: Lab, snapshots: Snapshots) -> None:
    def prepare(phone: Phone) -> None:
        phone.state.delivery.snapshots = snapshots
        phone.state.change("regular_high", mutes(120, 1))
        phone.state.change("regular_high", mutes(120, 2))

    phone, shop = await link_to(lab, prepare)
    await comes_to(shop, names(120, 2))
    first = next(t for t in await told(shop) if t[0] == "regular_high")
    assert first[1] == "begin"
    phone.change_settings("regular_high", [mute("0", remove=True)])
    await comes_to(shop, {k: v for k, v in names(120, 2).items() if not k.startswith("0@")})
    assert state_of(shop).stopped == ()


async def test_changes_on_the_media_host_are_fetched_and_read(lab: Lab) -> None:
    def prepare(phone: Phone) -> None:
        phone.state.delivery.external_above = 3

    phone, shop = await link_to(lab, prepare)
    phone.change_settings("regular", mutes(200))
    phone.change_settings("regular", [mute("7", 9)])
    await comes_to(shop, {**names(200), "7@s.whatsapp.net": 9}, "regular")


async def test_a_server_that_gives_a_part_at_a_time_is_asked_for_the_rest(lab: Lab) -> None:
    def prepare(phone: Phone) -> None:
        phone.state.delivery.patches_at_once = 1
        for number in range(5):
            phone.state.change("regular_high", [mute(str(number))])

    _, shop = await link_to(lab, prepare)
    await comes_to(shop, names(5))


async def test_what_needs_a_key_that_the_phone_holds_back_waits_and_goes_on_when_it_comes(lab: Lab) -> None:
    phone, shop = await link_to(lab, lambda phone: phone.state.change("regular_high", [mute("0")]))
    await comes_to(shop, names(1))
    new = phone.state.rotate_key()
    phone.state.held_back.add(new)
    phone.change_settings("regular_high", mutes(2, 9))
    phone.change_settings("regular", [mute("5")])

    async def asked() -> bool:
        return state_of(shop)._asked == {new}

    await eventually(asked)
    assert await muted(shop) == names(1)
    assert state_of(shop).stopped == (), "it is not wrong, only unreadable"
    # Not even the next login forgets that it waits.
    await shop.link.close()
    await shop.online()
    await eventually(asked)

    phone.state.held_back.clear()
    phone.share_keys()

    await comes_to(shop, names(2, 9))
    await comes_to(shop, {"5@s.whatsapp.net": 7}, "regular")


async def test_a_key_that_is_asked_for_late_is_not_taken_for_the_newest(lab: Lab) -> None:
    phone, shop = await link_to(lab, lambda phone: phone.state.held_back.add(phone.state.key_ids[0]))
    newest = phone.rotate_key()
    await eventually(lambda: _has_key(shop, newest))
    phone.state.held_back.clear()
    phone.share_keys()
    await eventually(lambda: _has_key(shop, phone.state.key_ids[0]))
    await state_of(shop).write("regular_high", [mute("0", 3)])
    patch = wa.SyncdPatch.FromString(phone.state._patches["regular_high"][-1])
    assert patch.keyId.id == newest


async def _has_key(member: Member, key_id: bytes) -> bool:
    stored = await state_of(member)._line.vault.load_one(appstate.APP_STATE_KEYS, "")
    return stored is not None and key_id in stored.keys


async def test_a_new_key_takes_out_what_was_set_under_the_old_one(lab: Lab) -> None:
    phone, shop = await link_to(lab, lambda phone: phone.state.change("regular_high", mutes(2)))
    await comes_to(shop, names(2))
    key = phone.rotate_key()
    await eventually(lambda: _has_key(shop, key))
    await state_of(shop).write("regular_high", [mute("0", 5)])
    phone.change_settings("regular_high", [mute("1", 6)])
    await comes_to(shop, {"0@s.whatsapp.net": 5, "1@s.whatsapp.net": 6})
    assert len(phone.state._collections["regular_high"].value_macs) == 2, "nothing is set twice"


FAULTS = [Fault.VALUE_MAC, Fault.INDEX_MAC, Fault.SNAPSHOT_MAC, Fault.PATCH_MAC]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_false_change_is_not_believed_and_the_collection_is_fetched_whole_next_time(
    lab: Lab, fault: Fault
) -> None:
    phone, shop = await link_to(lab, lambda phone: phone.state.change("regular_high", [mute("0")]))
    await comes_to(shop, names(1))
    phone.state.delivery.lie, phone.state.delivery.lies_left = fault, 1
    phone.change_settings("regular_high", mutes(2, 9))
    await eventually(lambda: _stopped(shop))
    assert shop.link.vitals().unreadable_settings == ("regular_high",)
    assert await muted(shop) == names(1), "nothing of it is told"

    phone.state.delivery.snapshots = Snapshots.EXTERNAL
    phone.change_settings("regular_high", [mute("0", remove=True)])

    await comes_to(shop, {"1@s.whatsapp.net": 9})
    assert "begin" in [t[1] for t in await told(shop)], "it was fetched whole"
    assert shop.link.vitals().unreadable_settings == ()


@pytest.mark.parametrize("fault", [Fault.VALUE_MAC, Fault.INDEX_MAC, Fault.SNAPSHOT_MAC, Fault.BLOB])
async def test_a_false_snapshot_is_not_believed(lab: Lab, fault: Fault) -> None:
    def prepare(phone: Phone) -> None:
        phone.state.delivery.snapshots = Snapshots.EXTERNAL
        phone.state.delivery.lie, phone.state.delivery.lies_left = fault, 100
        phone.state.change("regular_high", mutes(2))

    phone, shop = await link_to(lab, prepare)
    await eventually(lambda: _stopped(shop, 2))
    assert await told(shop) == []
    phone.state.delivery.lies_left = 0
    await shop.link.close()
    await shop.online()
    await comes_to(shop, names(2))


async def _stopped(member: Member, count: int = 1) -> bool:
    return len(state_of(member).stopped) == count


async def test_nothing_is_written_to_a_collection_that_does_not_hold(lab: Lab) -> None:
    phone, shop = await link_to(lab, lambda phone: phone.state.change("regular_high", [mute("0")]))
    await comes_to(shop, names(1))
    phone.state.delivery.lie, phone.state.delivery.lies_left = Fault.PATCH_MAC, 100
    phone.state.change("regular_high", [mute("1")])
    version = phone.state.version("regular_high")
    with pytest.raises(CollectionStopped):
        await state_of(shop).write("regular_high", [mute("0", 5)])
    assert phone.state.version("regular_high") == version


async def test_a_change_of_ours_goes_on_top_of_what_others_were_faster_to_change(lab: Lab) -> None:
    phone, shop = await link_to(lab, lambda phone: phone.state.change("regular_high", [mute("0")]))
    await comes_to(shop, names(1))
    phone.state.overtake_next = 3
    await state_of(shop).write("regular_high", [mute("0", 5), mute("1", 6)])
    assert phone.state.overtake_next == 0
    settings = phone.state.settings("regular_high")
    assert settings["mute", "0@s.whatsapp.net"].value.muteAction.muteEndTimestamp == 5
    assert len([index for index in settings if index[0] == "pin_v1"]) == 3, "the others' changes stand"
    await comes_to(shop, {"0@s.whatsapp.net": 5, "1@s.whatsapp.net": 6})


async def test_two_devices_that_write_at_once_agree_in_the_end(lab: Lab) -> None:
    phone, shop = await link_to(lab, lambda phone: phone.state.change("regular_high", [mute("0")]))
    other = await lab.member("other")
    await other.open()
    await phone.linking.scan((await other.next(QrIssued)).code)
    await eventually(lambda: _closed(other))
    await other.online()
    await comes_to(shop, names(1))
    await comes_to(other, names(1))

    async def write(member: Member, start: int) -> None:
        for number in range(start, start + 4):
            await state_of(member).write("regular_high", [mute(str(number), number)])

    await asyncio.gather(write(shop, 10), write(other, 20))

    wanted = {**names(1), **{f"{n}@s.whatsapp.net": n for n in (*range(10, 14), *range(20, 24))}}
    await comes_to(shop, wanted)
    await comes_to(other, wanted)
    assert {index[1] for index in phone.state.settings("regular_high")} == set(wanted)


async def test_a_commit_that_fails_loses_no_change_and_tells_none_twice(lab: Lab) -> None:
    phone, shop = await link_to(lab, lambda phone: phone.state.change("regular_high", [mute("0")]))
    await comes_to(shop, names(1))
    state = state_of(shop)
    record = state._record

    def fail_from_here(*args: Any, **kwargs: Any) -> Any:
        def fail() -> None:
            raise ConnectionError

        lab.at_point["before_commit"] = fail
        return record(*args, **kwargs)

    state._record = fail_from_here  # type: ignore[method-assign]
    phone.change_settings("regular_high", mutes(3, 9))

    async def over() -> bool:
        return any(getattr(event, "reason", "") == "store_unavailable" for event in shop.events)

    await eventually(over)
    assert await muted(shop) == names(1)
    lab.at_point.clear()
    await shop.online()
    await comes_to(shop, names(3, 9))
    assert [t[2][1] for t in await told(shop) if t[1] == "set" and t[3] == 9] == list(names(3))
