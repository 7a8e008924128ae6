"""Uploading and serving over HTTP."""

import hashlib

import pytest

from tests.media.conftest import MAX_BYTES
from wagate.media.api import router
from wagate.media.model import MediaState
from wagate.media.service import Library
from wagate.media.store import media
from wagate.storage.database import Database
from wagate.web.principal import Principal, Scope
from wagate.web.testing import Answer, AsgiClient, app_of

FORM = "multipart/form-data; boundary=XX"
PDF = b"%PDF-1.4 an invoice"


@pytest.fixture
def client(library: Library, ada: Principal) -> AsgiClient:
    return AsgiClient(app_of(router(library), keys={"wag_ada": ada}), "wag_ada")


async def upload(client: AsgiClient, content: bytes, filename: str = "a.bin", kind: str = "application/pdf") -> Answer:
    head = f'--XX\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\nContent-Type: {kind}\r\n\r\n'
    body = head.encode() + content + b"\r\n--XX--\r\n"
    parts = [body[at : at + 1000] for at in range(0, len(body), 1000)]
    return await client.post("/api/media", body=parts, headers={"content-type": FORM})


async def test_a_file_is_uploaded_and_served_unchanged(client: AsgiClient) -> None:
    made = await upload(client, PDF, "invoice.pdf")
    body = made.json()
    assert made.status == 201
    assert (body["mimetype"], body["size"], body["filename"]) == ("application/pdf", len(PDF), "invoice.pdf")
    assert body["sha256"] == hashlib.sha256(PDF).hexdigest()

    served = await client.get(body["url"])

    assert (served.status, served.body) == (200, PDF)
    assert served.headers["content-type"] == "application/pdf"
    assert served.headers["content-length"] == str(len(PDF))


async def test_what_a_browser_might_run_is_offered_for_download(client: AsgiClient) -> None:
    for content, name, disposition in (
        (b"<html><script>alert(1)</script>", "page.html", "attachment"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a.svg", "attachment"),
        (PDF, "a.pdf", "attachment"),
        (b"\x89PNG\r\n\x1a\n" + bytes(9), "a.png", "inline"),
    ):
        made = (await upload(client, content, name, "image/png")).json()
        served = await client.get(made["url"])
        assert served.headers["content-disposition"].startswith(disposition), name
        assert f"filename*=UTF-8''{name}" in served.headers["content-disposition"]
        assert served.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in served.headers["content-security-policy"]


async def test_ranges_are_served(client: AsgiClient) -> None:
    url = (await upload(client, PDF)).json()["url"]
    part = await client.get(url, headers={"range": "bytes=5-7"})
    assert (part.status, part.body) == (206, PDF[5:8])
    assert part.headers["content-range"] == f"bytes 5-7/{len(PDF)}"
    assert part.headers["content-length"] == "3"
    beyond = await client.get(url, headers={"range": "bytes=1000-"})
    assert (beyond.status, beyond.json()["code"]) == (416, "range_not_satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{len(PDF)}"


async def test_who_has_the_file_already_is_not_sent_it_again(client: AsgiClient) -> None:
    url = (await upload(client, PDF)).json()["url"]
    etag = (await client.get(url)).headers["etag"]
    again = await client.get(url, headers={"if-none-match": etag})
    assert (again.status, again.body) == (304, b"")


async def test_a_file_beyond_the_limit_is_refused(client: AsgiClient) -> None:
    assert (await upload(client, bytes(MAX_BYTES))).status == 201
    refused = await upload(client, bytes(MAX_BYTES + 1))
    assert (refused.status, refused.json()["code"]) == (413, "file_too_large")
    endless = await client.post(
        "/api/media", body=b"x", headers={"content-type": FORM, "content-length": str(10 * 2**30)}
    )
    assert endless.status == 413


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"--XX--\r\n", FORM, 400),
        (b'--XX\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--XX--\r\n', FORM, 400),
        (b'--XX\r\nContent-Disposition: form-data; name="file"\r\n\r\n\r\n--XX--\r\n', FORM, 422),
        (b"garbage", FORM, 400),
        (b"{}", "application/json", 415),
    ],
)
async def test_what_is_no_upload_is_refused(client: AsgiClient, body: bytes, kind: str, status: int) -> None:
    assert (await client.post("/api/media", body=body, headers={"content-type": kind})).status == status


async def test_files_are_their_accounts_and_need_the_right_scope(
    library: Library, ada: Principal, bob: Principal
) -> None:
    narrow = {
        f"wag_{scope}": Principal(account_id=ada.account_id, scopes=frozenset({scope}))
        for scope in (Scope.READ, Scope.SEND)
    }
    app = app_of(router(library), keys={"wag_ada": ada, "wag_bob": bob, **narrow})
    url = (await upload(AsgiClient(app, "wag_ada"), PDF)).json()["url"]
    assert (await AsgiClient(app, "wag_bob").get(url)).status == 404
    assert (await AsgiClient(app).get(url)).status == 401
    assert (await AsgiClient(app, "wag_read").get(url)).status == 200
    assert (await AsgiClient(app, "wag_send").get(url)).status == 403
    assert (await upload(AsgiClient(app, "wag_read"), PDF)).status == 403


async def test_files_of_a_session_need_a_key_that_reaches_it(library: Library, db: Database, ada: Principal) -> None:
    kept = await library.take_bytes(ada.account_id, PDF)
    await db.write(lambda tx: tx.execute(media.update().values(session_id="ses_" + "0" * 26)))
    bound = Principal(account_id=ada.account_id, scopes=frozenset(Scope), sessions=frozenset())
    app = app_of(router(library), keys={"wag_ada": ada, "wag_bound": bound})
    assert (await AsgiClient(app, "wag_ada").get(f"/api/media/{kept.id}")).status == 200
    assert (await AsgiClient(app, "wag_bound").get(f"/api/media/{kept.id}")).status == 404


@pytest.mark.parametrize(
    ("state", "status", "code"), [("pending", 409, "media_pending"), ("failed", 404, "media_failed")]
)
async def test_a_file_that_is_not_here_says_why(
    client: AsgiClient, library: Library, db: Database, ada: Principal, state: str, status: int, code: str
) -> None:
    kept = await library.take_bytes(ada.account_id, PDF)
    await db.write(lambda tx: tx.execute(media.update().values(state=MediaState(state))))
    answer = await client.get(f"/api/media/{kept.id}")
    assert (answer.status, answer.json()["code"]) == (status, code)
