"""Limits of requests hold for sockets too: for opening them, for bad credentials, for what is asked over them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from fastapi import FastAPI
from starlette.middleware import Middleware

from tests.realtime.listeners import Listener, raw, refusal
from tests.realtime.people import HELP, KEYS, SHOP
from wagate.core.clock import ManualClock
from wagate.core.ids import KeyId
from wagate.core.rate import Rate
from wagate.gateway.server import HttpServer
from wagate.storage.rates import LocalRates
from wagate.web.limits import Limiter, Policy, RateLimits

Serve = Callable[..., AsyncIterator[str]]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Nothing here depends on the database."""
    return sqlite_url


@asynccontextmanager
async def serving(app: FastAPI, clock: ManualClock, **policy: Rate) -> AsyncIterator[str]:
    local = LocalRates(clock)
    app.state.limiter = Limiter(Policy(**policy), local, local)
    # Within the one that gives requests their ids, as in the gateway.
    app.user_middleware.insert(1, Middleware(RateLimits, limiter=app.state.limiter))
    server = HttpServer(app, host="127.0.0.1", port=0)
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()


async def test_an_address_that_opens_too_many_is_refused_before_it_is_asked_who_it_is(
    app: FastAPI, clock: ManualClock
) -> None:
    async with serving(app, clock, address=Rate(2)) as url:
        async with raw(url), raw(url), aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket")
        assert refused.value.status == 429
        assert refused.value.headers is not None and refused.value.headers["retry-after"] == "60"
        assert refused.value.headers["x-request-id"].startswith("req_")
        await clock.advance(60)
        async with raw(url):
            pass


async def test_too_many_bad_credentials_are_refused_and_good_ones_are_not(app: FastAPI, clock: ManualClock) -> None:
    async with serving(app, clock, failure=Rate(2)) as url:
        said = [(await refusal(url, token=f"wrong-{number}"))["data"] for number in range(3)]
        assert [one["code"] for one in said] == ["unauthorized", "unauthorized", "rate_limited"]
        assert said[-1]["retryAfter"] == 60
        async with raw(url) as client:
            await client.greet(token="ada")


async def test_what_is_asked_over_a_socket_counts_as_much_as_what_is_asked_over_http(
    app: FastAPI, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KEYS, "counted", replace(KEYS["ada"], key_id=KeyId.new(clock.now())))
    async with serving(app, clock, key=Rate(2)) as url:
        app.state.authenticate = _known
        listener = await Listener(url).connect(token="counted")
        assert await listener.ask("join", {"session": SHOP}) == {"ok": True}
        # It is there already, so nothing is looked up.
        assert await listener.ask("join", {"session": SHOP}) == {"ok": True}
        answer = await listener.ask("join", {"session": HELP})
        assert (answer["ok"], answer["code"], answer["retryAfter"]) == (False, "rate_limited", 60)
        await listener.close()


async def _known(key: str) -> object:
    return KEYS[key]
