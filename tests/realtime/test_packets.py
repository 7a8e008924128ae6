"""Socket.IO's packets: the examples of its specification, and what is none."""

import json
from datetime import UTC, datetime

import pytest

from tests.realtime.people import ADA, SHOP
from wagate.core.ids import EventId
from wagate.events.model import Event, EventType
from wagate.realtime import packets
from wagate.realtime.packets import Kind, Packet, PacketMalformed, parse


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        ("40", Packet(Kind.CONNECT)),
        ('40{"token":"123"}', Packet(Kind.CONNECT, data={"token": "123"})),
        ("40/admin,", Packet(Kind.CONNECT, "/admin")),
        ('40/admin,{"a":[1]}', Packet(Kind.CONNECT, "/admin", data={"a": [1]})),
        ("41", Packet(Kind.DISCONNECT)),
        ("41/admin,", Packet(Kind.DISCONNECT, "/admin")),
        ('42["foo"]', Packet(Kind.EVENT, data=["foo"])),
        ('4212["foo",{"a":"ä"}]', Packet(Kind.EVENT, number="12", data=["foo", {"a": "ä"}])),
        ('42/admin,7["bar"]', Packet(Kind.EVENT, "/admin", "7", ["bar"])),
        ("3", Packet(Kind.PONG)),
        ("1", Packet(Kind.CLOSE)),
    ],
)
def test_what_clients_say_is_read(text: str, packet: Packet) -> None:
    assert parse(text) == packet


@pytest.mark.parametrize(
    "text", ["", "4", "48", "42", "42{}", "42[]", "42[", "42 7", "40/admin{}", "3probe", "2", "٤0"]
)
def test_what_is_no_packet_is_refused(text: str) -> None:
    with pytest.raises(PacketMalformed):
        parse(text)


def test_what_is_said_to_clients() -> None:
    kind, opening = _taken_apart(packets.opening("abc", ping_seconds=15.0, max_bytes=1000))
    expected = {"sid": "abc", "upgrades": [], "pingInterval": 15000, "pingTimeout": 15000, "maxPayload": 1000}
    assert (kind, opening) == ("0", expected)
    assert packets.connected("abc") == '40{"sid":"abc"}'
    assert packets.refused("/", "No", {"code": "x"}) == '44{"message":"No","data":{"code":"x"}}'
    assert packets.refused("/a", "No", {}) == '44/a,{"message":"No","data":{}}'
    assert packets.acknowledged("12", {"ok": True}) == '4312[{"ok":true}]'
    assert packets.emitted("ready", {"after": EventId("evt_1")}) == '42["ready",{"after":"evt_1"}]'


def test_an_event_is_told_as_it_is_shown() -> None:
    event = Event(
        seq=1,
        id=EventId("evt_" + "0" * 26),
        type=EventType.MESSAGE_RECEIVED,
        account_id=ADA,
        session_id=SHOP,
        chat=None,
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        json='{"text":"ä"}',
    )
    kind, said = _taken_apart(packets.told(event))
    assert (kind, said) == ("42", ["message.received", json.loads(event.to_json())])


def _taken_apart(packet: str) -> tuple[str, object]:
    begin = min(packet.find(bracket) for bracket in "[{" if bracket in packet)
    return packet[:begin], json.loads(packet[begin:])
