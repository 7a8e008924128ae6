"""The media host takes what its path says, gives it back, and can be trusted only by its own authority."""

import base64
import hashlib
import ssl

import aiohttp
import pytest

from tests.sandbox.client import Rig
from wagate.sandbox.media import MediaRefused, MediaShelf


def token(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode()


def context(rig: Rig) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=rig.sandbox.media_ca_pem)


async def test_a_file_goes_up_and_comes_down_over_a_certificate_of_its_own_authority(rig: Rig) -> None:
    body = rig.entropy(100_000)
    host, auth = rig.world.media.hostname, rig.world.media.auth
    async with aiohttp.ClientSession() as http:
        url = f"https://{host}/mms/image/{token(body)}?auth={auth}&token={token(body)}"
        async with http.post(url, data=body, ssl=context(rig)) as answer:
            told = await answer.json()
        assert "?" in told["direct_path"]
        path = told["direct_path"] + "&hash=x&mms-type=image"
        async with http.get(f"https://{host}{path}", ssl=context(rig)) as answer:
            assert await answer.read() == body
        headers = {"Range": "bytes=10-19"}
        async with http.get(told["url"], ssl=context(rig), headers=headers) as answer:
            assert (answer.status, await answer.read()) == (206, body[10:20])
        async with http.get(f"https://{host}/v/t62.image/unknown", ssl=context(rig)) as answer:
            assert answer.status == 404


async def test_an_upload_that_is_not_what_its_path_says_is_refused(rig: Rig) -> None:
    host, auth = rig.world.media.hostname, rig.world.media.auth
    async with aiohttp.ClientSession() as http:
        for path, status in (
            (f"{token(b'other')}?auth={auth}", 400),
            (f"%21%21?auth={auth}", 400),
            (f"{token(b'body')}?auth=wrong", 401),
        ):
            async with http.post(f"https://{host}/mms/video/{path}", data=b"body", ssl=context(rig)) as answer:
                assert answer.status == status


async def test_nobody_else_trusts_it(rig: Rig) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await http.get(f"https://{rig.world.media.hostname}/v/t62.image/x")


def test_the_shelf_forgets_what_was_unused_longest(rig: Rig) -> None:
    shelf = MediaShelf(rig.entropy, max_total=30)
    first, second = shelf.put("image", b"1" * 10), shelf.put("image", b"2" * 10)
    assert shelf.get(first.direct_path) == b"1" * 10
    shelf.put("image", b"3" * 15)
    assert (shelf.get(first.direct_path), shelf.get(second.direct_path)) == (b"1" * 10, None)


def test_the_shelf_checks_what_is_claimed(rig: Rig) -> None:
    shelf = MediaShelf(rig.entropy)
    with pytest.raises(MediaRefused):
        shelf.put("image", b"body", token(b"other"))
    assert shelf.put("image", b"body", token(b"body")).direct_path.startswith("/v/t62.image/")
