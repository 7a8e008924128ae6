"""A program that was written for `/api/whatsapp/applications`, from the first call to a message on a phone."""

import base64

import pytest

from tests.scenarios.rig import Json, Rig

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/whatsapp/applications"


async def test_an_application_links_as_its_page_does_it_and_sends(rig: Rig, shop: str, ada: str) -> None:
    await rig.phone(shop, "Shop")
    await rig.phone(ada, "Ada")
    card = {"name": "shop", "phone": f"+{shop}", "purpose": "support"}
    application = str((await rig.api.call("POST", PATH, card))["id"])
    rig.forget_later(application)
    path = f"{PATH}/{application}"

    await rig.api.call("POST", f"{path}/connect")

    async def shown() -> Json | None:
        """What the page asks for every two seconds."""
        answer = await rig.api.call("GET", f"{path}/qr")
        return answer if answer["qr_code"] else None

    code = await rig.until(shown, "a code is shown")
    assert code["status"] == "qr_required"
    assert base64.b64decode(code["qr_code"].removeprefix("data:image/png;base64,")).startswith(b"\x89PNG")

    # The picture is what a phone scans; its text stands in the session's own answer.
    scanned = (await rig.api.call("GET", f"/api/sessions/{application}/qr"))["qrString"]
    await rig.phones.call("POST", f"/sandbox/phones/{shop}/scan", {"qr": scanned})

    async def linked() -> Json | None:
        answer = await rig.api.call("GET", f"{path}/qr")
        return answer if answer["status"] == "connected" else None

    assert (await rig.until(linked, "the page sees `connected`"))["qr_code"] is None
    assert (await rig.api.call("GET", path))["last_connected_at"] is not None

    order = {"applicationId": application, "phoneNumber": f"+{ada}", "message": "from an application"}
    sent = await rig.api.call("POST", "/api/whatsapp/send", order, query={"wait": "30"})
    assert (sent["status"], sent["sessionId"]) == ("sent", application)
    assert (await rig.shown(ada, sent["waId"]))["text"] == "from an application"

    await rig.api.call("POST", f"{path}/disconnect")
    await rig.reaches(application, "disconnected")
    assert (await rig.api.call("GET", path))["last_disconnected_at"] is not None
    await rig.api.call("POST", f"{path}/reconnect")
    await rig.reaches(application, "connected")
    await rig.api.call("DELETE", path)
    assert await rig.devices(shop) == []
