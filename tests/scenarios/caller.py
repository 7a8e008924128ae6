"""A client that holds every answer to the contract: to what all answers have in common, and to /openapi.json."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from tests.scenarios.rig import Json

#: Times are RFC 3339 in UTC.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_NAME = re.compile(r"[a-z][a-zA-Z0-9]*")
#: Members whose names customers choose.
_FREE = {"metadata", "headers"}
_PROBLEM = {"type", "title", "status", "code", "detail", "requestId"}
#: A message that failed while its request waited tells more.
_FAILED_SEND = {"messageId", "waId", "certain"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Caller:
    """Calls a gateway as the holder of ``key``, or as nobody. Use as a function."""

    def __init__(self, http: aiohttp.ClientSession, url: str, key: str, document: Json) -> None:
        self.url = url
        self.document = document
        self._http = http
        self._headers = {"X-API-Key": key} if key else {}

    def having(self, key: str) -> "Caller":
        """The same with another key."""
        return Caller(self._http, self.url, key, self.document)

    async def __call__(
        self,
        method: str,
        path: str,
        status: int,
        code: str = "",
        *,
        json: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Answer:
        """One request.

        :raises AssertionError: if the answer is not the one expected, or not as the contract says answers are.
        """
        given = {**self._headers, **(headers or {})}
        async with self._http.request(
            method, self.url + path, json=json, data=data, headers=given, params=query
        ) as response:
            answer = Answer(status=response.status, headers=response.headers, body=await response.read())
        assert answer.status == status, (method, path, answer.status, answer.body[:600])
        self._check(method, path, answer)
        if code:
            assert answer.json()["code"] == code, (method, path, answer.body[:600])
        return answer

    async def json(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """The JSON of the answer."""
        return (await self(method, path, status, **options)).json()

    async def pages(self, path: str, **query: str | int) -> list[Json]:
        """All items of a list."""
        items: list[Json] = []
        following: dict[str, str] = {}
        while True:
            page = await self.json("GET", path, query={**query, **following})
            assert set(page) == {"items", "next"}
            items += page["items"]
            if page["next"] is None:
                return items
            following = {"after" if path == "/api/events" else "cursor": page["next"]}

    @asynccontextmanager
    async def stream(self, path: str, last_seen: str = "", **query: str) -> AsyncIterator[AsyncIterator[Json]]:
        """Server-sent events: ``{id, event, data}`` each. It is open, and misses nothing, when this is entered."""
        headers = {**self._headers, **({"Last-Event-ID": last_seen} if last_seen else {})}
        timeout = aiohttp.ClientTimeout(total=60)
        async with self._http.get(self.url + path, headers=headers, params=query, timeout=timeout) as response:
            assert (response.status, response.content_type) == (200, "text/event-stream")
            assert (await response.content.readline()).startswith(b"retry:")
            yield _frames(response)

    def _check(self, method: str, path: str, answer: Answer) -> None:
        where = f"{method} {path} -> {answer.status}"
        assert answer.headers["X-Request-Id"], where
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        if answer.status >= 400:
            assert kind == "application/problem+json", where
            problem = answer.json()
            assert _PROBLEM <= set(problem) <= _PROBLEM | {"errors"} | _FAILED_SEND, (where, problem)
            assert problem["status"] == answer.status, where
            assert problem["requestId"] == answer.headers["X-Request-Id"], where
        if answer.status in (429, 503):
            assert int(answer.headers["Retry-After"]) > 0, where
        described = self._described(method, path)
        if described is None:
            assert answer.status in (401, 404, 405), f"{where} is not in the document"
            return
        assert str(answer.status) in described, f"{where} is not in the document"
        content = described[str(answer.status)].get("content")
        if not content:
            return
        assert kind in content or "*/*" in content, f"{where}: {kind} is not in the document"
        if "json" in kind:
            _check_names(answer.json(), where)
            found = list(misfits(content[kind]["schema"], answer.json(), self.document))
            assert not found, (where, found)
        if answer.status >= 400:
            assert problem["code"] in content[kind]["examples"], f"{where}: {problem['code']} is not in the document"

    def _described(self, method: str, path: str) -> Json | None:
        """What the document says of the answers to a request."""
        templates: Json = self.document["paths"]
        fitting = [
            template
            for template in templates
            if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path)
        ]
        if not fitting or method.lower() not in templates[min(fitting, key=lambda t: t.count("{"))]:
            return None
        responses: Json = templates[min(fitting, key=lambda t: t.count("{"))][method.lower()]["responses"]
        return responses


async def _frames(response: aiohttp.ClientResponse) -> AsyncIterator[Json]:
    frame: Json = {}
    while raw := await response.content.readuntil(b"\n", max_size=1 << 20):
        line = raw.decode().rstrip("\n")
        if not line and frame:
            yield {**frame, "data": msgspec.json.decode(frame["data"])}
            frame = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            frame[name] = value


def _check_names(value: Any, where: str) -> None:
    """Names are camelCase, times are in UTC."""
    if isinstance(value, dict):
        for name, item in value.items():
            assert _NAME.fullmatch(name), (where, name)
            if isinstance(item, str) and (name == "timestamp" or name.endswith("At")):
                assert _TIME.fullmatch(item), (where, name, item)
            if name not in _FREE:
                _check_names(item, where)
    elif isinstance(value, list):
        for item in value:
            _check_names(item, where)


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def misfits(schema: Json, value: Any, document: Json, at: str = "") -> Iterator[str]:
    """Where ``value`` does not fit a JSON schema, as far as ours go."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        yield from misfits(document["components"]["schemas"][name], value, document, at)
        return
    if "anyOf" in schema:
        if all(any(True for _ in misfits(option, value, document)) for option in schema["anyOf"]):
            yield f"{at}: none of its forms"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not in {schema['enum']}"
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{at}: {type(value).__name__} instead of {kind}"
    elif kind == "string" and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} is not like {schema['pattern']}"
    elif kind == "array":
        for number, item in enumerate(value):
            yield from misfits(schema.get("items", {}), item, document, f"{at}/{number}")
    elif kind == "object":
        properties = schema.get("properties", {})
        yield from (f"{at}/{name}: missing" for name in schema.get("required", ()) if name not in value)
        for name, item in value.items():
            if name in properties:
                yield from misfits(properties[name], item, document, f"{at}/{name}")
            elif schema.get("additionalProperties", "properties" not in schema) is False:
                yield f"{at}/{name}: unknown"
            elif properties and "additionalProperties" not in schema:
                yield f"{at}/{name}: not described"
