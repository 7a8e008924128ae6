"""What one account has, another can neither see nor touch nor tell from what does not exist.

Every operation of the OpenAPI document, every place of its requests where an id can stand, every kind of id, and every
kind of caller: the answer must be the one that an id gets which does not exist, hold nothing of the account that the id
belongs to, and leave its rows as they were. Routes that are added are probed without being mentioned here.
"""

import json
import re
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from tests.probes.requests import Operation, Place, Request, operations
from tests.probes.tenants import Tenant, cursor_of, ghost_of, new_tenant, rows_of
from tests.probes.whole import FLEET_TOKEN, SCRAPE_TOKEN, Gateway, Json, credential_of, open_gateway, serving
from tests.realtime.listeners import Listener, refusal
from wagate.accounts.model import Role
from wagate.core.ids import SessionId
from wagate.web.principal import Scope
from wagate.web.testing import Answer, AsgiClient

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: The least that the long form tries; it fails if what is generated shrinks.
ENOUGH = 10_000
#: How what was made by a probe is taken away again, by the prefix of its id: lists have an end.
UNDONE_AT = {"usr": "/api/users", "ses": "/api/sessions", "key": "/api/keys", "whe": "/api/webhooks/endpoints"}
#: What a request that is good in form is refused as all the same: a folder of no program.
REFUSED = {"importSession": 422}
#: What differs between two answers that say the same.
_VARIABLE = re.compile(
    r"[a-z]{3}_[0-9a-z]{26}|3EB0[0-9A-F]{18}|(?:whsec|wag)_[\w+/=]+|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)|wag_[^\"]{1,12}"
    r"|somebody-\w+@example\.org|\"password\":\"[^\"]*\"|\"durationMs\":\d+|\"hint\":\"[^\"]*\"|\"lastUsedAt\":null"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who tries. ``hidden`` are the kinds of ids that must be as if they did not exist to this one, and
    ``canaries`` what an answer must not hold.
    """

    name: str
    client: AsgiClient
    hidden: frozenset[str]
    canaries: frozenset[str]
    #: Whether the key is good, so that it is the ids that are decided on.
    let_in: bool = True
    of_victim: bool = False
    #: Kinds of ids that the key itself is made for, so that it may name them where it makes others.
    named: frozenset[str] = frozenset()
    #: Whether it is asked to see other accounts: then what is for those who run the gateway is not probed.
    runs_gateway: bool = False


@dataclass(frozen=True, slots=True)
class World:
    gateway: Gateway
    victim: Tenant
    other: Tenant
    #: Whose things may be deleted.
    spent: Tenant
    callers: tuple[Caller, ...]
    operations: tuple[Operation, ...]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with open_gateway(tmp_path_factory.mktemp("tenants")) as gateway:
        dispatcher = gateway.runtime.new_dispatcher()
        await dispatcher.start()
        victim = await new_tenant(gateway, "victim-canary", "491701112223")
        other = await new_tenant(gateway, "somebody-else", "491704445556")
        spent = await new_tenant(gateway, "spent", "491707778889")
        # From here on nothing happens by itself.
        await dispatcher.stop()
        yield World(
            gateway=gateway,
            victim=victim,
            other=other,
            spent=spent,
            callers=tuple([caller async for caller in _callers(gateway, victim, other)]),
            operations=tuple(operations(await gateway.document())),
        )


async def _callers(gateway: Gateway, victim: Tenant, other: Tenant) -> AsyncIterator[Caller]:
    """Everybody who may not reach what the victim has; a new kind of credential takes a line here."""
    every = frozenset(victim.ids)
    who = (other.account, other.user)
    mine, theirs = SessionId(other.ids["ses"]), SessionId(victim.ids["ses"])

    async def holder(name: str, *scopes: Scope, sessions: tuple[SessionId, ...] | None = None) -> Caller:
        _, key = await gateway.key(*who, *scopes, sessions=sessions)
        return Caller(name, gateway.client(key), every, victim.canaries)

    yield await holder("administrator of another account", Scope.ADMIN)
    yield await holder("another account's key to read", Scope.READ)
    yield await holder("another account's key to send", Scope.SEND)
    yield await holder("another account's key to manage", Scope.MANAGE)
    yield await holder("another account's key bound to a session of its own", Scope.ADMIN, sessions=(mine,))
    for role in Role:
        token = gateway.token(other.account, await gateway.user(other.account, role))
        yield Caller(f"another account's {role} who logged in", gateway.client(token), every, victim.canaries)
    runner, who_runs = await gateway.account("operator", platform=True)
    _, key = await gateway.key(runner, who_runs, Scope.ADMIN)
    for name, credential in (("key", key), ("log-in", gateway.token(runner, who_runs))):
        yield Caller(
            f"{name} of who runs the gateway", gateway.client(credential), every, victim.canaries, runs_gateway=True
        )
    aimed = await holder("another account's key bound to the victim's session", Scope.ADMIN, sessions=(theirs,))
    yield replace(aimed, named=frozenset({"ses"}))
    _, neighbour = await gateway.key(victim.account, victim.user, Scope.ADMIN, sessions=(victim.spare,))
    of_session = frozenset({"ses", "msg", "evt", "whe", "whd", "key"})
    hidden = frozenset({"victim-canary text", "victim-canary session", "victim-canary-header"})
    yield Caller(
        "the victim's own key bound to another session", gateway.client(neighbour), of_session, hidden, of_victim=True
    )
    for name, key in (
        ("nobody", ""),
        ("a key that was made up", "wag_made_up"),
        ("a worker", FLEET_TOKEN),
        ("who collects metrics", SCRAPE_TOKEN),
        ("a log-in that expired", gateway.token(*who, hours=-1)),
        ("the victim's log-in that expired", gateway.token(victim.account, victim.user, hours=-1)),
        ("a log-in to the victim's account of another's user", gateway.token(victim.account, other.user)),
        ("a key that expired", await gateway.expired_key(*who)),
        ("a key that was revoked", await gateway.revoked_key(*who)),
        ("the victim's key that expired", await gateway.expired_key(victim.account, victim.user)),
        ("the victim's key that was revoked", await gateway.revoked_key(victim.account, victim.user)),
    ):
        yield Caller(name, gateway.client(key), every, victim.canaries, let_in=False)


@dataclass(frozen=True, slots=True)
class Probe:
    """One request with what belongs to somebody else in one place, and the same with what belongs to nobody."""

    operation: Operation
    place: Place
    kind: str
    value: str
    request: Request
    ghost: Request

    def __str__(self) -> str:
        return f"{self.operation.method} {self.operation.path}: {self.kind} in {self.place}"


def probes(world: World, operation: Operation, *, long: bool) -> Iterator[Probe]:
    """Every probe of an operation. The short form puts one id of the right kind and one other into a place."""
    own = world.other.ids
    for place in operation.places():
        request = operation.request(own, place.form, as_form=place.where == "form")
        for kind, value in _values(world.victim, place, long=long):
            ghost = cursor_of(ghost_of(world.victim.ids[kind])) if place.name == "cursor" else ghost_of(value)
            yield Probe(
                operation,
                place,
                kind,
                value,
                operation.put(request, place, value, own),
                operation.put(request, place, ghost, own),
            )


def _values(victim: Tenant, place: Place, *, long: bool) -> Iterator[tuple[str, str]]:
    if place.name == "cursor":
        yield from ((kind, cursor_of(value)) for kind, value in victim.ids.items())
        return
    if place.name == "idempotency-key":
        yield "idempotency-key", victim.words["idempotency-key"]
    if place.kind:
        wrong = [kind for kind in victim.ids if kind != place.kind]
        for kind in (place.kind, *(wrong if long else wrong[:1])):
            yield kind, victim.ids[kind]
    else:
        everything = {**victim.ids, **victim.words}
        short = ("ses", "msg", "med", "number", "etag")
        yield from everything.items() if long else ((kind, everything[kind]) for kind in short)


async def _told_apart(
    probe: Probe, caller: Caller, known: Sequence[str], admin: AsgiClient
) -> tuple[str | None, list[Answer]]:
    """How the answers to a probe differ, or what they hold; ``None`` if all is as it must be.

    ``admin`` undoes what the first one made, which could be in the way of the second.
    """
    real = await probe.request.send(caller.client)
    await _undo(admin, [real])
    ghost = await probe.ghost.send(caller.client)
    answers = [real, ghost]
    said, of_ghost = _said(real, known), _said(ghost, known)
    if said != of_ghost:
        return f"tells it from one that does not exist: {said} and not {of_ghost}", answers
    text = real.body.decode("utf-8", "replace").replace(probe.value, "")
    seen = [canary for canary in caller.canaries if canary in text]
    if seen:
        return f"shows {seen}", answers
    if not caller.let_in and not _knows(caller, probe.operation) and real.status != 401:
        return f"answers {real.status} to who must not come in", answers
    right = probe.place.where == "path" and probe.kind == probe.place.kind
    if right and caller.let_in and real.status not in (404, 403):
        return f"answers {real.status} and not 404", answers
    return None, answers


def _knows(caller: Caller, operation: Operation) -> bool:
    """Whether who is of no account may call it."""
    of_fleet = caller.name == "a worker" and operation.need == "fleet"
    return (
        operation.need == "nothing"
        or of_fleet
        or (caller.name == "who collects metrics" and operation.need == "scrape")
    )


def _said(answer: Answer, known: Sequence[str]) -> tuple[object, ...]:
    """An answer without what differs from one request to the next, and without what callers have given."""
    text = answer.body.decode("utf-8", "replace")
    if text and "json" in answer.headers.get("content-type", ""):
        body = json.loads(text)
        if isinstance(body, dict):
            body.pop("requestId", None)
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    for value in known:
        text = text.replace(value, "<given>")
    return answer.status, answer.headers.get("content-type", ""), _VARIABLE.sub("<any>", text)


def _known(victim: Tenant) -> tuple[str, ...]:
    """What a caller puts into probes and may be shown again, as it is or shortened, longest first."""
    values = [*victim.ids.values(), *victim.words.values()]
    values += [cursor_of(value) for value in victim.ids.values()]
    found = set()
    for value in (*values, *map(ghost_of, values), *(cursor_of(ghost_of(value)) for value in victim.ids.values())):
        found |= {value, value.lower(), value.strip('+"'), value[:60], value[:40]}
        if value.strip("+").isdigit():
            found.add(f"{value.strip('+')}@s.whatsapp.net")
    return tuple(sorted(found, key=len, reverse=True))


async def _undo(admin: AsgiClient, answers: list[Answer]) -> None:
    """Take away what the probes made."""
    for answer in answers:
        if answer.status == 201 and "json" in answer.headers.get("content-type", ""):
            made = str(answer.json().get("id", ""))
            if made[:3] in UNDONE_AT:
                await admin.delete(f"{UNDONE_AT[made[:3]]}/{made}")


def _tried_by(world: World, probe: Probe, *, long: bool) -> Iterator[Caller]:
    for number, caller in enumerate(world.callers):
        if probe.kind in caller.hidden or probe.kind in world.victim.words:
            at_the_door = probe.place.where == "path" and probe.kind == probe.place.kind
            if caller.runs_gateway and probe.operation.need in ("platform", "scrape"):
                continue
            if probe.kind in caller.named and probe.place.where == "body":
                continue
            if caller.let_in and caller.of_victim:
                # What else it does, it may do to its own account.
                if probe.kind == probe.place.kind:
                    yield caller
            elif long or number == 0 or at_the_door:
                yield caller


async def _probe_everything(world: World, *, long: bool) -> tuple[int, int]:
    before = await rows_of(world.gateway, world.victim.account)
    assert sum(map(len, before.values())) > 10
    count, places, found, known = 0, set(), [], _known(world.victim)
    for operation in world.operations:
        for probe in probes(world, operation, long=long):
            places.add((operation.name, str(probe.place)))
            for caller in _tried_by(world, probe, long=long):
                count += 1
                wrong, answers = await _told_apart(probe, caller, known, world.callers[0].client)
                if wrong:
                    found.append(f"{probe} by {caller.name}: {wrong}")
                await _undo(world.callers[0].client, answers)
        after = await rows_of(world.gateway, world.victim.account)
        for table, rows in before.items():
            if after[table] != rows:
                found.append(f"{operation.method} {operation.path} changed the victim's rows in {table}")
        before = after
    sys.stdout.write(f"{count} probes of {len(places)} places in {len(world.operations)} operations\n")
    assert not found, f"{len(found)} of {count} probes:\n" + "\n".join(found[:200])
    return count, len(places)


async def test_a_good_request_can_be_made_for_every_operation(world: World) -> None:
    """A probe with a body that is refused as such would prove nothing."""
    admin, own = world.gateway.client(world.spent.key), world.spent.ids
    for operation in world.operations:
        if operation.need in ("platform", "scrape", "fleet"):
            continue
        for form in range(operation.forms()):
            answer = await operation.request(own, form).send(admin)
            await _undo(admin, [answer])
            where = f"{operation.method} {operation.path}, form {form}"
            if operation.name in REFUSED:
                assert answer.status == REFUSED[operation.name], (where, answer.body)
            else:
                assert answer.status not in (400, 413, 415, 422), (
                    f"{where}: say in TEXTS or BODIES of tests/probes/requests.py what makes its body a good one",
                    answer.body,
                )


@pytest.mark.timeout(600)
async def test_nothing_of_another_account_is_reached_whatever_place_its_ids_stand_in(world: World) -> None:
    count, places = await _probe_everything(world, long=False)
    assert places > 150
    assert count > 1_000


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_nothing_of_another_account_is_reached_by_anybody_with_ids_of_any_kind(world: World) -> None:
    count, _ = await _probe_everything(world, long=True)
    assert count >= ENOUGH


async def test_nothing_of_another_account_is_shown_unasked(world: World) -> None:
    """Lists, counts, and whatever else names nothing."""
    asked = [o for o in world.operations if o.method == "GET" and "{" not in o.path]
    assert len(asked) > 10
    for operation in asked:
        for caller in world.callers:
            if caller.runs_gateway and operation.need in ("platform", "scrape"):
                continue
            answer = await operation.request({}).send(caller.client)
            shown = [canary for canary in caller.canaries if canary.encode() in answer.body]
            assert not shown, f"{operation.path} shows {shown} to {caller.name}"


async def test_no_stream_shows_what_happens_in_another_account(world: World) -> None:
    """Whatever it is asked for: opened by everybody, while both accounts send."""
    streams = [operation for operation in world.operations if "text/event-stream" in _answers(operation)]
    assert len(streams) >= 2
    victim, other = world.gateway.client(world.victim.key), world.gateway.client(world.other.key)
    order = {"to": "+491701234567", "text": "x"}
    for operation in streams:
        for caller in world.callers:
            own = world.victim.ids if caller.of_victim else world.other.ids
            own = {**own, "ses": world.victim.spare} if caller.of_victim else own
            options = operation.request(own).options()
            options["headers"]["last-event-id"] = world.victim.ids["evt"]
            async with caller.client.stream("GET", operation.request(own).address, **options) as answer:
                said = await answer.at_once(0.05)
                hidden = {**order, "text": "victim-canary text"}
                await victim.post(f"/api/sessions/{world.victim.ids['ses']}/send?wait=0", json=hidden)
                await other.post(f"/api/sessions/{world.other.ids['ses']}/send?wait=0", json=order)
                if answer.status == 200:
                    said += await answer.at_once(0.3)
            assert answer.status in ((200, 403, 404) if caller.let_in else (401,)), (operation.path, caller.name)
            assert [canary for canary in caller.canaries if canary.encode() in said] == [], caller.name
            if caller.name.startswith("administrator"):
                # It would not prove much of a stream that shows nothing.
                assert b"event: message.queued" in said


def _answers(operation: Operation) -> frozenset[str]:
    return frozenset(operation.entry["responses"].get("200", {}).get("content", {}))


async def test_nothing_of_another_account_is_heard_or_joined_over_a_socket(world: World) -> None:
    """Sockets are in no OpenAPI document, so each place of theirs where an id can stand is written down here."""
    gateway, victim = world.gateway, world.victim
    theirs, ghosts = (
        {"sessions": victim.ids["ses"], "after": victim.ids["evt"]},
        {"sessions": ghost_of(victim.ids["ses"]), "after": ghost_of(victim.ids["evt"])},
    )
    let_in = 0
    async with serving(gateway) as url:
        for caller in world.callers:
            token = credential_of(caller.client)
            told = [await refusal(url, token=token, sessions=[ids["sessions"]]) for ids in (theirs, ghosts)]
            assert _without_ids(told[0]) == _without_ids(told[1]), caller.name
            if told[0]["data"]["code"] != "session_not_found":
                assert told[0]["data"]["status"] in ((403,) if caller.let_in else (401,)), caller.name
                continue
            assert caller.let_in, caller.name
            let_in += 1
            listeners = [await Listener(url).connect(token=token, after=ids["after"]) for ids in (theirs, ghosts)]
            for name in ("join", "leave"):
                asked = [await listeners[0].ask(name, {"session": ids["sessions"]}) for ids in (theirs, ghosts)]
                assert _without_ids(asked[0]) == _without_ids(asked[1]), caller.name
            principal = await gateway.app.state.authenticate(token)
            own = next(iter(principal.sessions or {SessionId(ghost_of(victim.ids["ses"]))}))
            await gateway.append(victim.account, SessionId(victim.ids["ses"]), "victim-canary text")
            await gateway.append(principal.account_id, own, "the last")
            for listener in listeners:
                heard = [await listener.next()]
                while heard[-1][1]["data"].get("text") != "the last":
                    heard.append(await listener.next())
                hidden = {*caller.canaries, victim.ids["evt"], "" if caller.of_victim else victim.account} - {""}
                seen = [one for one in hidden if one in json.dumps(heard)]
                assert seen == [], caller.name
                await listener.close()
    assert let_in >= 6


def _without_ids(said: Json) -> Json:
    body = said.get("data", said)
    return {**body, "requestId": ""}
