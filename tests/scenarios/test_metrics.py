"""What the whole program shows to Prometheus after something happened."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.scenarios.rig import Rig

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def shown(rig: Rig) -> dict[str, float]:
    """Every sample by its name and labels, as one reads them."""
    async with rig.api.http.get(f"{rig.api.url}/metrics") as response:
        assert response.status == 200
        text = await response.text()
    return {
        sample.name + "".join(f" {label}={value}" for label, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_conversation_is_counted_from_the_request_to_the_webhook(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada, "Ada")
    await rig.subscribe()

    sent = await rig.send(session, ada, text="Your order is ready.")
    await rig.message_reaches(sent["id"], "read")
    wa_id = await rig.phone_sends(ada, to=shop, text="Thanks")
    await rig.told("message.received", wa_id)
    await rig.told("message.read", sent["waId"])

    found = await shown(rig)

    for name, least in {
        "wagate_messages_accepted_total type=text": 1,
        "wagate_messages_settled_total outcome=sent type=text": 1,
        "wagate_message_accept_seconds_count": 1,
        "wagate_message_ack_seconds_count": 1,
        "wagate_messages_received_total type=text": 1,
        "wagate_receipts_total status=delivered": 1,
        "wagate_receipts_total status=read": 1,
        f"wagate_session_connections_total engine={rig.engine}": 1,
        f"wagate_sessions engine={rig.engine} status=connected": 1,
        "wagate_worker_sessions": 1,
        "wagate_webhook_attempts_total answer=2xx": 1,
        "wagate_webhook_deliveries_total outcome=delivered": 1,
        "wagate_webhook_delivery_seconds_count": 1,
        "wagate_http_requests_total method=POST route=/api/sessions/{session_id}/send status=2xx": 1,
        "wagate_db_group_jobs_count": 1,
        "wagate_db_group_seconds_count": 1,
        "wagate_loop_lag_seconds_count": 1,
        "process_cpu_seconds_total": 0.01,
        "process_resident_memory_bytes": 1e7,
    }.items():
        assert found.get(name, 0) >= least, f"{name} is {found.get(name)}"
    assert 0 < found["wagate_worker_lease_remaining_seconds"] <= 60
    assert found["wagate_messages_queued session=connected"] == 0
    if rig.engine == "baileys":
        assert found["wagate_bridge_frames_total direction=in"] > 10
        assert found["wagate_bridge_memory_bytes"] > 1e7
    else:
        assert found["wagate_native_stanzas_total direction=in"] > 10


async def test_no_label_names_anybody(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada, "Ada")
    sent = await rig.send(session, ada, text="Nobody's business.")

    everything = "\n".join(await shown(rig))

    for secret in (shop, ada, session, sent["id"], sent["waId"], "Ada", rig.api.http.headers["Authorization"][-20:]):
        assert secret not in everything
