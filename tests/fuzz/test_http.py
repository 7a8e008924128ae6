"""Whatever a caller with a valid key sends to any route: an answer of the contract, never a 500, never a hang.

python -m pytest tests/fuzz/test_http.py -m slow         FUZZ_REQUESTS (20,000) in all; FUZZ_SEED picks others
"""

import json
import os
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fuzz.mutate import Mutator
from tests.scenarios.rig import Rig, open_rig

Json = dict[str, Any]
SEED = os.environ.get("FUZZ_SEED", "1")
#: A route that waits says so in its query, and none of these asks for more.
SECONDS = 10.0
_BODIES = ("application/json", "multipart/form-data")
#: A stream has no end, and its beginning is tried elsewhere.
_STREAM = "text/event-stream"


class Schema:
    """Draws bodies and parameters that fit the document."""

    def __init__(self, document: Json, m: Mutator, ids: list[str]) -> None:
        self.document, self.m, self.ids = document, m, ids

    def resolved(self, entry: Json) -> Json:
        """What a reference leads to."""
        while "$ref" in entry:
            found = self.document
            for part in entry["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            entry = found
        return entry

    def draw(self, schema: Json, depth: int = 4) -> Any:
        rng = self.m.rng
        if "$ref" in schema:
            return self.draw(self.resolved(schema), depth)
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return self.draw(rng.choice(schema[several]), depth)
        if "allOf" in schema:
            return self.draw(schema["allOf"][0], depth)
        if "const" in schema or "enum" in schema:
            return rng.choice(schema.get("enum", [schema.get("const")]))
        match schema.get("type"):
            case "object" if depth:
                needed = schema.get("required", ())
                return {
                    name: self.draw(inner, depth - 1)
                    for name, inner in schema.get("properties", {}).items()
                    if name in needed or rng.random() < 0.5
                }
            case "array" if depth:
                return [self.draw(schema.get("items", {}), depth - 1) for _ in range(rng.randrange(3))]
            case "integer":
                return rng.choice((schema.get("minimum", 0), schema.get("maximum", 5), 1))
            case "number":
                return 1.5
            case "boolean":
                return rng.random() < 0.5
            case "string":
                texts = ("x", "+491701234567", "491701234567", "https://example.com/", "2026-01-01T00:00:00Z", "text")
                return rng.choice((*texts, *self.ids))
            case _:
                return None


def _path(m: Mutator, path: str, ids: list[str]) -> str:
    def fill(_: re.Match[str]) -> str:
        from urllib.parse import quote

        return quote(m.rng.choice((*ids, *ids, "x", m.text() or "x"))[:300], safe="")

    return re.sub(r"\{\w+\}", fill, path)


async def fuzz(rig: Rig, requests: int) -> Counter[int]:
    """So many requests; how often each status came."""
    assert rig.gateway is not None
    statuses: Counter[int] = Counter()
    headers = {"Authorization": f"Bearer {rig.gateway.admin_key}"}
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as http:
        async with http.get(f"{rig.api.url}/openapi.json") as answer:
            document = await answer.json()
        ids = []
        for name in ("one", "two"):
            async with http.post(f"{rig.api.url}/api/sessions", json={"name": name}) as answer:
                ids.append((await answer.json())["id"])
        operations = [
            (method, path, entry)
            for path, item in document["paths"].items()
            for method, entry in item.items()
            if entry.get("security") and _STREAM not in json.dumps(entry["responses"])
        ]
        for number in range(requests):
            m = Mutator(random.Random(f"{SEED}/http/{number}"))
            method, path, entry = operations[number % len(operations)]
            schema = Schema(document, m, ids)
            query = {
                p["name"]: str(schema.draw(p["schema"])) if m.rng.random() < 0.6 else m.text()
                for p in map(schema.resolved, entry.get("parameters", ()))
                if p["in"] == "query" and m.rng.random() < 0.5
            }
            sent: dict[str, Any] = {"params": query}
            content = entry.get("requestBody", {}).get("content", {})
            if content:
                body = schema.draw(content.get("application/json", {}).get("schema", {}))
                for _ in range(m.rng.choice((0, 1, 1, 2))):
                    body = m.value(body)
                raw = json.dumps(body).encode("utf-8", "surrogatepass")
                if m.rng.random() < 0.2:
                    raw = m.some(raw)
                kind = m.rng.choice((*content, *_BODIES, *["application/json"] * 6))
                sent |= {"data": raw, "headers": {"Content-Type": kind}}
            target = _path(m, path, ids)
            said = (
                f"FUZZ_SEED={SEED}, request {number}: {method.upper()} {target} {query} {str(sent.get('data'))[:1500]}"
            )
            try:
                async with http.request(method, rig.api.url + target, allow_redirects=False, **sent) as answer:
                    status, text = answer.status, await answer.read()
                    form = answer.content_type
            except TimeoutError:
                pytest.fail(f"no answer in {SECONDS} s; {said}")
            statuses[status] += 1
            assert status < 500 or json.loads(text)["code"] != "internal_error", f"{status}; {said}"
            assert status != 500, said
            if status >= 400:
                assert form == "application/problem+json", f"{form}; {said}"
                assert json.loads(text)["status"] == status, said
    return statuses


async def test_no_request_is_answered_with_500(tmp_path: Path) -> None:
    async with open_rig(tmp_path, "native") as rig:
        statuses = await fuzz(rig, 600)
    assert statuses[200] + statuses[201] > 10
    assert sum(count for status, count in statuses.items() if 400 <= status < 500) > 100


@pytest.mark.slow
@pytest.mark.timeout(7_200)
async def test_no_request_of_very_many_is_answered_with_500(tmp_path: Path) -> None:
    async with open_rig(tmp_path, "native") as rig:
        await fuzz(rig, int(os.environ.get("FUZZ_REQUESTS", "20000")))
