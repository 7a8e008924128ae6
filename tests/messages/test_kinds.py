"""Each kind is built and read back; each wrapper comes off; nothing that arrives does harm."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from wagate.core.errors import BadRequest
from wagate.core.ids import AccountId, MediaId
from wagate.media.model import Media, MediaState, Picture, RemoteFile, Upload
from wagate.messages.errors import TextTooLong, UnsupportedType
from wagate.messages.kinds import PLANNED, SENDABLE, kind_of, read
from wagate.messages.kinds.attachment import file_part, read_file, uploaded
from wagate.messages.kinds.context import Quoted, build_context, quotable
from wagate.messages.kinds.envelope import unwrap
from wagate.messages.kinds.sending import SendingFile
from wagate.wire.jid import Jid
from wagate.wire.media import MediaKind
from wagate.wire.proto import wa_pb2 as wa

ADA, BOB = Jid("491700000002"), Jid("491700000003")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILE = SendingFile(
    media=Media(
        id=MediaId("med_" + "0" * 26),
        account_id=AccountId("acc_" + "0" * 26),
        mimetype="image/png",
        size=321,
        sha256="ab" * 32,
        filename="photo.png",
        state=MediaState.READY,
        created_at=NOW,
    ),
    picture=Picture(width=640, height=480, thumbnail=b"\xff\xd8small"),
)
BODIES: dict[str, list[dict[str, Any]]] = {
    "text": [{"text": "hi"}, {"text": "x" * 65_536}, {"text": "grüße 👋\n\t"}],
    "image": [{}, {"caption": "Look"}, {"viewOnce": True}, {"viewOnce": True, "caption": "once"}],
    "document": [{}, {"caption": "Your invoice"}],
}
QUOTED = Quoted(wa_id="3EB0Q", chat=ADA, sender=BOB, content=wa.Message(conversation="what?"))

CASES = [(name, body) for name, bodies in BODIES.items() for body in bodies]


def test_every_kind_that_can_be_sent_is_tested_here() -> None:
    assert set(BODIES) == set(SENDABLE)


@pytest.mark.parametrize(("name", "fields"), CASES)
@pytest.mark.parametrize("quoted", [None, QUOTED])
def test_what_is_built_is_read_back(name: str, fields: dict[str, Any], quoted: Quoted | None) -> None:
    kind = SENDABLE[name]
    body = kind.body.model_validate({"to": "+491700000002", "type": name, **fields})
    content = kind.parse(body, FILE)
    context = build_context(ADA, quoted, [BOB] if quoted else [])

    built = kind.build(content, context).SerializeToString()

    inside = unwrap(wa.Message.FromString(built)).message
    assert kind.read(inside) == content
    reading = read(built)
    assert reading is not None
    assert (reading.type, reading.text) == (name, content.text)
    assert reading.quoted == (quoted.wa_id if quoted else None)
    assert reading.fields.get("mentions") == ([str(BOB)] if quoted else None)
    assert {**content.fields, **reading.fields} == reading.fields
    assert [other for other in SENDABLE if SENDABLE[other].read(inside) is not None] == [name]


@pytest.mark.parametrize("name", ["image", "document"])
def test_an_upload_is_filled_in_wherever_the_file_stands(name: str) -> None:
    kind = SENDABLE[name]
    for fields in BODIES[name]:
        body = kind.body.model_validate({"to": "1", "type": name, **fields})
        before = kind.build(kind.parse(body, FILE), None).SerializeToString()
        upload = Upload(
            url="https://h/v/1", direct_path="/v/1", media_key=b"k" * 32, enc_sha256=b"e" * 32, uploaded_at=NOW
        )
        after = uploaded(before, upload)
        found = file_part(unwrap(wa.Message.FromString(after)).message)
        assert found is not None
        file = read_file(*found)
        assert (file.direct_path, file.media_key, file.enc_sha256) == ("/v/1", b"k" * 32, b"e" * 32)
        assert (file.sha256, file.size, file.mimetype) == (b"\xab" * 32, 321, "image/png")
        assert found[1].mediaKeyTimestamp == int(NOW.timestamp())


def test_a_message_without_a_file_takes_no_upload() -> None:
    upload = Upload(url="", direct_path="/v", media_key=b"", enc_sha256=b"", uploaded_at=NOW)
    with pytest.raises(ValueError, match="without a file"):
        uploaded(wa.Message(conversation="x").SerializeToString(), upload)


def test_a_view_once_picture_says_so_in_both_places() -> None:
    kind = SENDABLE["image"]
    body = kind.body.model_validate({"to": "1", "type": "image", "viewOnce": True})
    built = kind.build(kind.parse(body, FILE), None)
    assert built.viewOnceMessage.message.imageMessage.viewOnce
    assert not built.HasField("imageMessage")


# -- requests


@pytest.mark.parametrize("name", sorted(PLANNED))
def test_planned_types_are_refused_with_those_that_work(name: str) -> None:
    with pytest.raises(UnsupportedType, match="text, image, document"):
        kind_of(name)


def test_a_type_that_does_not_exist_is_no_kind() -> None:
    assert kind_of("telegram") is None


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "hi", "priority": 1},
        {"text": 1},
        {"text": None},
        {"text": ""},
        {},
        {"text": "hi", "linkPreview": 1},
        {"text": "hi", "mentions": "+49"},
        {"text": "hi", "link_preview": True},
        {"text": "hi", "to": ""},
        {"text": "hi", "caption": "x"},
    ],
)
def test_a_body_that_does_not_fit_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SENDABLE["text"].body.model_validate({"to": "1", "type": "text", **fields})


@pytest.mark.parametrize(
    "media",
    [{}, {"url": "https://x", "id": "med_1"}, {"url": 1}, {"path": "/etc/passwd"}, {"mimetype": "image/png"}, "x"],
)
def test_media_names_exactly_one_source(media: Any) -> None:
    with pytest.raises(ValidationError):
        SENDABLE["image"].body.model_validate({"to": "1", "type": "image", "media": media})


def test_captions_are_limited_like_texts() -> None:
    kind = SENDABLE["document"]
    body = kind.body.model_validate({"to": "1", "type": "document", "caption": "x" * 65_537})
    with pytest.raises(TextTooLong):
        kind.parse(body, FILE)


def test_half_a_character_is_refused() -> None:
    kind = SENDABLE["text"]
    body = kind.body.model_construct(to="1", text="\ud83d")
    with pytest.raises(BadRequest, match="half a character"):
        kind.parse(body, None)


# -- reading


HI = wa.Message(conversation="hi")


def wrapped(field: str) -> wa.Message:
    message = wa.Message()
    getattr(message, field).message.CopyFrom(HI)
    return message


WRAPPERS = ["viewOnceMessage", "viewOnceMessageV2", "ephemeralMessage", "documentWithCaptionMessage", "editedMessage"]


@pytest.mark.parametrize("field", WRAPPERS)
def test_wrappers_come_off(field: str) -> None:
    reading = read(wrapped(field).SerializeToString())
    assert reading is not None
    assert (reading.type, reading.text) == ("text", "hi")
    assert reading.fields.get("viewOnce") == (True if "viewOnce" in field else None)


def test_a_copy_of_ones_own_message_tells_its_destination() -> None:
    inner = wa.Message(ephemeralMessage=wa.Message.FutureProofMessage(message=HI))
    outer = wa.Message(deviceSentMessage=wa.Message.DeviceSentMessage(destinationJid="1@s.whatsapp.net", message=inner))
    reading = read(outer.SerializeToString())
    assert reading is not None
    assert (reading.text, reading.destination) == ("hi", "1@s.whatsapp.net")


def test_wrapping_without_end_is_no_obstacle() -> None:
    message = HI
    for _ in range(40):
        message = wa.Message(ephemeralMessage=wa.Message.FutureProofMessage(message=message))
    reading = read(message.SerializeToString())
    assert reading is not None
    assert reading.type == "unsupported"


M = wa.Message
NAMED: list[tuple[str, wa.Message, dict[str, Any]]] = [
    ("video", M(videoMessage=M.VideoMessage(caption="c", seconds=3)), {"text": "c", "seconds": 3}),
    ("video", M(ptvMessage=M.VideoMessage(seconds=2)), {"seconds": 2}),
    ("audio", M(audioMessage=M.AudioMessage(seconds=5)), {"seconds": 5}),
    ("voice", M(audioMessage=M.AudioMessage(seconds=5, ptt=True)), {"seconds": 5}),
    ("sticker", M(stickerMessage=M.StickerMessage(isAnimated=True)), {"animated": True}),
    (
        "location",
        M(locationMessage=M.LocationMessage(degreesLatitude=52.5, degreesLongitude=13.4, name="Berlin")),
        {
            "location": {
                "latitude": 52.5,
                "longitude": 13.4,
                "name": "Berlin",
                "address": None,
                "url": None,
                "live": False,
            }
        },
    ),
    (
        "location",
        M(liveLocationMessage=M.LiveLocationMessage(degreesLatitude=1, degreesLongitude=2, caption="here")),
        {"location": {"latitude": 1.0, "longitude": 2.0, "live": True}, "text": "here"},
    ),
    (
        "contacts",
        M(contactMessage=M.ContactMessage(displayName="Bob", vcard="BEGIN:VCARD")),
        {"contacts": [{"name": "Bob", "vcard": "BEGIN:VCARD"}]},
    ),
    (
        "contacts",
        M(
            contactsArrayMessage=M.ContactsArrayMessage(
                contacts=[M.ContactMessage(displayName="A"), M.ContactMessage(displayName="B")]
            )
        ),
        {"contacts": [{"name": "A", "vcard": ""}, {"name": "B", "vcard": ""}]},
    ),
    *(
        (
            "poll",
            M(
                **{
                    field: M.PollCreationMessage(
                        name="When?", options=[M.PollCreationMessage.Option(optionName="Now")], selectableOptionsCount=1
                    )
                }
            ),
            {"poll": {"question": "When?", "options": ["Now"], "selectable": 1}, "text": "When?"},
        )
        for field in ("pollCreationMessage", "pollCreationMessageV3")
    ),
    (
        "reaction",
        M(reactionMessage=M.ReactionMessage(key=wa.MessageKey(id="T"), text="👍")),
        {"reaction": {"emoji": "👍", "removed": False}, "target": "T"},
    ),
    (
        "reaction",
        M(reactionMessage=M.ReactionMessage(key=wa.MessageKey(id="T"), text="")),
        {"reaction": {"emoji": "", "removed": True}, "target": "T"},
    ),
    (
        "revoke",
        M(protocolMessage=M.ProtocolMessage(type=M.ProtocolMessage.REVOKE, key=wa.MessageKey(id="T"))),
        {"target": "T"},
    ),
    (
        "edit",
        M(
            editedMessage=M.FutureProofMessage(
                message=M(
                    protocolMessage=M.ProtocolMessage(
                        type=M.ProtocolMessage.MESSAGE_EDIT,
                        key=wa.MessageKey(id="T"),
                        editedMessage=M(extendedTextMessage=M.ExtendedTextMessage(text="better")),
                    )
                )
            )
        ),
        {"target": "T", "text": "better"},
    ),
    (
        "poll_vote",
        M(pollUpdateMessage=M.PollUpdateMessage(pollCreationMessageKey=wa.MessageKey(id="P"))),
        {"target": "P"},
    ),
    ("event", M(eventMessage=M.EventMessage(name="Party", startTime=1_767_225_600)), {"text": "Party"}),
    ("group_invite", M(groupInviteMessage=M.GroupInviteMessage(groupJid="1@g.us", caption="join")), {"text": "join"}),
    (
        "button_reply",
        M(buttonsResponseMessage=M.ButtonsResponseMessage(selectedButtonId="b1", selectedDisplayText="Yes")),
        {"text": "Yes", "choice": "b1"},
    ),
    ("call", M(call=M.Call(callKey=b"x")), {}),
    ("pin", M(pinInChatMessage=M.PinInChatMessage()), {}),
    ("unsupported", M(), {}),
    ("unsupported", M.FromString(b"\xfa\x3e\x02\x0a\x00"), {}),
]


@pytest.mark.parametrize(("name", "message", "told"), NAMED)
def test_other_kinds_are_known_by_name_with_their_basic_data(
    name: str, message: wa.Message, told: dict[str, Any]
) -> None:
    reading = read(message.SerializeToString())
    assert reading is not None
    assert reading.type == name
    shown = {**reading.fields, "text": reading.text, "target": reading.target}
    assert {key: shown.get(key) for key in told} == told


def test_a_field_of_a_kind_never_hides_a_member_of_every_message() -> None:
    common = {"id", "waId", "sessionId", "direction", "chat", "from", "to", "fromMe", "type", "status", "timestamp"}
    for _, message, _ in NAMED:
        reading = read(message.SerializeToString())
        assert reading is not None
        assert not common & set(reading.fields)


NO_MESSAGES: list[Callable[[], wa.Message]] = [
    lambda: M(senderKeyDistributionMessage=M.SenderKeyDistributionMessage(groupId="1@g.us")),
    lambda: M(messageContextInfo=wa.MessageContextInfo()),
    lambda: M(protocolMessage=M.ProtocolMessage()),
    lambda: M(protocolMessage=M.ProtocolMessage(type=M.ProtocolMessage.APP_STATE_SYNC_KEY_SHARE)),
    lambda: M(protocolMessage=M.ProtocolMessage(type=M.ProtocolMessage.EPHEMERAL_SETTING, key=wa.MessageKey(id="x"))),
    lambda: M(deviceSentMessage=M.DeviceSentMessage(message=M(protocolMessage=M.ProtocolMessage(type=5)))),
]


@pytest.mark.parametrize("make", NO_MESSAGES)
def test_keys_notices_and_settings_are_no_messages(make: Callable[[], wa.Message]) -> None:
    assert read(make().SerializeToString()) is None


def test_a_key_beside_a_text_does_not_hide_it() -> None:
    message = M(conversation="hi", senderKeyDistributionMessage=M.SenderKeyDistributionMessage(groupId="1@g.us"))
    reading = read(message.SerializeToString())
    assert reading is not None
    assert reading.text == "hi"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_harm(plaintext: bytes) -> None:
    reading = read(plaintext)
    assert reading is None or reading.type


# -- quoting


def test_a_quote_holds_the_content_without_keys_wrappers_or_its_own_quote() -> None:
    inner = M(
        extendedTextMessage=M.ExtendedTextMessage(
            text="b", contextInfo=wa.ContextInfo(stanzaId="A", quotedMessage=M(conversation="a"))
        ),
        messageContextInfo=wa.MessageContextInfo(messageSecret=b"secret"),
    )
    quoted = quotable(M(ephemeralMessage=M.FutureProofMessage(message=inner)))
    assert quoted.extendedTextMessage.text == "b"
    assert not quoted.HasField("messageContextInfo")
    assert b"secret" not in quoted.SerializeToString()
    assert not quoted.extendedTextMessage.contextInfo.HasField("quotedMessage")


def test_the_remote_file_of_a_reading_has_what_a_download_needs() -> None:
    message = M(
        documentMessage=M.DocumentMessage(
            directPath="/v/2",
            mediaKey=b"k" * 32,
            fileSha256=b"s" * 32,
            fileEncSha256=b"e" * 32,
            fileLength=9,
            mimetype="application/pdf",
            fileName="a.pdf",
        )
    )
    reading = read(message.SerializeToString())
    assert reading is not None
    assert reading.file == RemoteFile(
        kind=MediaKind.DOCUMENT,
        direct_path="/v/2",
        media_key=b"k" * 32,
        sha256=b"s" * 32,
        enc_sha256=b"e" * 32,
        size=9,
        mimetype="application/pdf",
        filename="a.pdf",
    )
