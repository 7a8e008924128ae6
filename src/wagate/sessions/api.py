"""The routes of sessions."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, JsonValue, StringConstraints, field_validator

from wagate.core.ids import SessionId
from wagate.core.settings import EngineName
from wagate.engine.port import (
    AuthFolderUnreadable,
    KeysUnreadable,
    PasskeyAnswered,
    PasskeyAssertion,
    PasskeyExpired,
    PasskeyNotWanted,
    PasskeyUnsupported,
    QueryFailed,
)
from wagate.plans.errors import PlanLimit
from wagate.sessions import qr
from wagate.sessions.errors import (
    AlreadyConnected,
    DeviceAlreadyHere,
    InvalidPhone,
    InvalidProxy,
    LinkingNotReady,
    QrNotAvailable,
    SessionNotFound,
    SessionsOutOfReach,
)
from wagate.sessions.model import Session, SessionStatus
from wagate.sessions.service import UNCHANGED, Change, Sessions
from wagate.web.auth import ManageAccess, ReadAccess
from wagate.web.egress import EgressRefused
from wagate.web.models import ApiModel, ApiRequest
from wagate.web.pages import DEFAULT_LIMIT, Cursor, CursorInvalid, Limit, Page, decode_cursor, page_of
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter

#: Longer than that a request should not hang; ask again.
MAX_WAIT = 30
MAX_METADATA_BYTES = 16 * 1024
#: An auth folder of ten thousand contacts has some 30 MB in 30,000 files.
MAX_IMPORT_BYTES = 64 * 1024 * 1024
MAX_IMPORTED_FILES = 100_000

IMPORT_WARNING = (
    "Stop the program that used this folder, for good, before you connect the session, and never start it with this "
    "folder again: two users of one link advance the same keys, and messages of both become unreadable."
)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Phone = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Purpose = Annotated[str, StringConstraints(max_length=200)]
Proxy = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
#: Bytes as WebAuthn's JSON has them. The longest are signatures and client data, some hundred bytes each.
Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=8192)]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Metadata = Annotated[dict[Annotated[str, StringConstraints(max_length=100)], JsonValue], Field(max_length=50)]


class Me(ApiModel):
    """Who the session is on WhatsApp."""

    jid: str
    """With the device number: `491701234567:3@s.whatsapp.net`."""
    lid: str | None
    """The same device by the account's other name, which hides its number."""
    push_name: str


class SessionBody(ApiModel):
    """One linked, or to be linked, WhatsApp device."""

    id: SessionId
    name: str
    phone: str | None
    """As given, in international form; what it is linked to stands in `me`."""
    purpose: str | None
    engine: EngineName
    """What speaks WhatsApp's protocol for this session; see docs/operations/engines.md."""
    status: SessionStatus
    status_reason: str | None
    """Why the status is what it is, when that needs saying; see docs/reference/disconnects.md."""
    worker_id: str | None
    """The worker that hosts the session; null if none does."""
    me: Me | None
    """Null until a phone is linked."""
    metadata: dict[str, JsonValue]
    """Whatever was stored with the session."""
    created_at: datetime
    updated_at: datetime
    last_connected_at: datetime | None
    last_disconnected_at: datetime | None
    created_by: str | None
    """The user or key that made it."""


class QrBody(ApiModel):
    """A code to scan."""

    status: SessionStatus
    qr_string: str
    """What the QR code says."""
    qr_code: str
    """The picture as a data URL (PNG)."""
    expires_at: datetime


class PairingCodeBody(ApiModel):
    """A code to type into the phone: Linked devices, Link with phone number."""

    code: str
    """Eight characters with a dash in the middle."""
    expires_at: datetime


class Health(ApiModel):
    """Evidence of life; null where there is none yet."""

    last_frame_at: datetime | None
    """When WhatsApp was last heard."""
    ping_ms: float | None
    """Round trip of the last ping."""
    send_stalled: bool
    """The session is connected, and still what is queued does not get through."""
    sending_paused_until: datetime | None
    """WhatsApp refused messages, so those queued wait until then; `statusReason` says why. With `new_chats_restricted`
    only first messages to people the number never had to do with are held back."""
    unreadable_settings: list[str]
    """Collections of the account's shared settings that failed their checks; they are fetched whole next time."""


class StatusBody(ApiModel):
    """The state of a session."""

    id: SessionId
    status: SessionStatus
    status_reason: str | None
    since: datetime
    """When the session took this status."""
    health: Health


class _WithMetadata(ApiRequest):
    @field_validator("metadata", check_fields=False)
    @classmethod
    def _small(cls, value: Any) -> Any:
        if value is not None and len(repr(value).encode()) > MAX_METADATA_BYTES:
            raise ValueError(f"metadata may have {MAX_METADATA_BYTES} bytes")
        return value


class CreateSession(_WithMetadata):
    """The session to make."""

    name: Name
    phone: Phone | None = None
    purpose: Purpose | None = None
    proxy: Proxy | None = None
    """`http://`, `https://` or `socks5://[user:password@]host:port`; all that the session does on WhatsApp goes through
    it, its files too. Special characters in user and password are percent-encoded. Stored encrypted and never shown."""
    metadata: Metadata | None = None
    engine: EngineName | None = None
    """What shall speak WhatsApp's protocol for this session; left out, the gateway's own choice."""


class ChangeEngine(ApiRequest):
    """The engine to go on with."""

    engine: EngineName


class ImportSession(ApiRequest):
    """A linked device of a Baileys program."""

    name: Name
    engine: EngineName | None = None
    """The engine to go on with; left out, the gateway's own choice."""
    files: Annotated[dict[FileName, JsonValue], Field(min_length=1, max_length=MAX_IMPORTED_FILES)]
    """Every file of the program's `useMultiFileAuthState` folder: its name, and the JSON in it. They are stored
    encrypted, and never shown or logged."""


class ImportedBody(ApiModel):
    """The session, and what to heed before it is connected."""

    session: SessionBody
    warning: str


class PatchSession(_WithMetadata):
    """What to change; null empties a field, a field that is left out stays."""

    name: Name | None = None
    phone: Phone | None = None
    purpose: Purpose | None = None
    proxy: Proxy | None = None
    """Used from the next connection on (`reconnect` makes one at once); null takes it away."""
    metadata: Metadata | None = None

    @field_validator("name")
    @classmethod
    def _named(cls, value: str | None) -> str:
        if value is None:
            raise ValueError("a session needs a name")
        return value


class AskPairingCode(ApiRequest):
    """The phone to link."""

    phone: Phone


class PasskeyBody(ApiModel):
    """WhatsApp's question for the account's passkey."""

    status: SessionStatus
    public_key: dict[str, JsonValue]
    """WebAuthn's `PublicKeyCredentialRequestOptions` as JSON: what `PublicKeyCredential.parseRequestOptionsFromJSON`
    takes, for `navigator.credentials.get({publicKey})` on a page of its `rpId` or in a helper application."""
    expires_at: datetime


class PasskeyResponse(ApiRequest):
    """The authenticator's part of the answer."""

    client_data_json: Annotated[Base64Url, Field(alias="clientDataJSON")]
    authenticator_data: Base64Url
    signature: Base64Url
    user_handle: Base64Url | None = None


class AnswerPasskey(ApiRequest):
    """What the browser's `credential.toJSON()` gives (WebAuthn's `AuthenticationResponseJSON`)."""

    id: Base64Url
    raw_id: Base64Url
    type: Literal["public-key"]
    response: PasskeyResponse
    authenticator_attachment: Annotated[str, StringConstraints(max_length=100)] | None = None
    """Not used."""
    client_extension_results: Annotated[dict[str, JsonValue], Field(max_length=50)] | None = None
    """Not used."""

    def assertion(self) -> PasskeyAssertion:
        """Without what browsers add to it."""
        answer = self.response
        return PasskeyAssertion(
            id=self.id,
            raw_id=self.raw_id,
            client_data=answer.client_data_json,
            authenticator_data=answer.authenticator_data,
            signature=answer.signature,
            user_handle=answer.user_handle,
        )


class QrFormat(StrEnum):
    """How to show a QR code."""

    JSON = "json"
    PNG = "png"
    SVG = "svg"
    TEXT = "text"


#: A code is good for one person for some seconds; no cache may keep it.
_NOT_STORED = {"Cache-Control": "no-store"}
_QR_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The code. `text` is made of half blocks for a dark terminal.",
        "content": {
            "image/png": {"schema": {"type": "string", "format": "binary"}},
            "image/svg+xml": {"schema": {"type": "string"}},
            "text/plain": {"schema": {"type": "string"}},
        },
    },
}


def router(sessions: Sessions) -> APIRouter:
    """Routes of sessions."""
    routes = ApiRouter(prefix="/api/sessions", tags=["sessions"])
    not_found = problem_responses(SessionNotFound)

    @routes.post(
        "",
        status_code=201,
        responses=problem_responses(PlanLimit, SessionsOutOfReach, InvalidPhone, InvalidProxy, EgressRefused),
    )
    async def create_session(body: CreateSession, principal: ManageAccess) -> SessionBody:
        """Make a session; connect it next."""
        made = await sessions.create(
            principal,
            name=body.name,
            phone=body.phone,
            purpose=body.purpose,
            proxy=body.proxy,
            metadata=body.metadata,
            engine=body.engine,
        )
        return _body(made)

    @routes.post(
        "/import",
        status_code=201,
        max_body_size=MAX_IMPORT_BYTES,
        responses=problem_responses(PlanLimit, SessionsOutOfReach, AuthFolderUnreadable, DeviceAlreadyHere),
    )
    async def import_session(body: ImportSession, principal: ManageAccess) -> ImportedBody:
        """Make a session of a device that a Baileys program linked, without a new scan. Stop that program first; then
        connect the session."""
        made = await sessions.take_over(principal, name=body.name, files=body.files, engine=body.engine)
        return ImportedBody(session=_body(made), warning=IMPORT_WARNING)

    @routes.get("", responses=problem_responses(CursorInvalid))
    async def list_sessions(
        principal: ReadAccess, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> Page[SessionBody]:
        """The account's sessions, newest first."""
        found = await sessions.page(principal, before=position_of(cursor), limit=limit + 1)
        return page_of(found, limit, _body, lambda session: session.id)

    @routes.get("/{session_id}", responses=not_found)
    async def get_session(session_id: SessionId, principal: ReadAccess) -> SessionBody:
        """One session."""
        return _body(await sessions.get(principal, session_id))

    @routes.patch(
        "/{session_id}",
        responses=problem_responses(SessionNotFound, InvalidPhone, InvalidProxy, EgressRefused),
    )
    async def change_session(session_id: SessionId, body: PatchSession, principal: ManageAccess) -> SessionBody:
        """Change the fields that are given."""
        given = {field: getattr(body, field) for field in body.model_fields_set}
        change = Change(
            name=given.get("name", UNCHANGED),
            phone=given.get("phone", UNCHANGED),
            purpose=given.get("purpose", UNCHANGED),
            proxy=given.get("proxy", UNCHANGED),
            metadata=(given["metadata"] or {}) if "metadata" in given else UNCHANGED,
        )
        return _body(await sessions.update(principal, session_id, change))

    @routes.delete("/{session_id}", status_code=204, responses=not_found)
    async def delete_session(session_id: SessionId, principal: ManageAccess) -> None:
        """Unlink the device, wipe its keys, forget the session."""
        await sessions.delete(principal, session_id)

    @routes.post("/{session_id}/connect", status_code=202, responses=not_found)
    async def connect_session(session_id: SessionId, principal: ManageAccess) -> SessionBody:
        """Connect, and stay connected; a session that is not linked shows a QR code. Harmless if it is connected."""
        return _body(await sessions.connect(principal, session_id))

    @routes.post("/{session_id}/disconnect", status_code=202, responses=not_found)
    async def disconnect_session(session_id: SessionId, principal: ManageAccess) -> SessionBody:
        """Disconnect and stay linked. Harmless if it is disconnected."""
        return _body(await sessions.disconnect(principal, session_id))

    @routes.post("/{session_id}/reconnect", status_code=202, responses=not_found)
    async def reconnect_session(session_id: SessionId, principal: ManageAccess) -> SessionBody:
        """Drop the connection, if there is one, and connect at once."""
        return _body(await sessions.reconnect(principal, session_id))

    @routes.post("/{session_id}/logout", status_code=202, responses=not_found)
    async def log_out_session(session_id: SessionId, principal: ManageAccess) -> SessionBody:
        """Unlink the device and wipe its keys; the session stays and can be linked again."""
        return _body(await sessions.logout(principal, session_id))

    @routes.post("/{session_id}/engine", status_code=202, responses=problem_responses(SessionNotFound, KeysUnreadable))
    async def change_session_engine(session_id: SessionId, body: ChangeEngine, principal: ManageAccess) -> SessionBody:
        """Go on with another engine, with the same link and keys. A connected session connects anew; harmless if it is
        on that engine already."""
        return _body(await sessions.change_engine(principal, session_id, body.engine))

    @routes.get(
        "/{session_id}/qr",
        response_model=QrBody,
        responses={**_QR_ANSWERS, **problem_responses(SessionNotFound, QrNotAvailable, AlreadyConnected)},
    )
    async def get_qr(
        session_id: SessionId,
        principal: ManageAccess,
        # Not named `format` here: that is a builtin.
        shape: Annotated[QrFormat, Query(alias="format", description="How to show it.")] = QrFormat.JSON,
        wait: Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to wait for a code.")] = 0,
    ) -> Response:
        """The QR code to scan with the phone. It changes every 20 to 60 seconds."""
        on_show = await sessions.qr(principal, session_id, wait)
        return _qr_response(shape, on_show.session, on_show.shown.code, on_show.shown.expires_at)

    @routes.post(
        "/{session_id}/pairing-code",
        responses=problem_responses(SessionNotFound, AlreadyConnected, InvalidPhone, LinkingNotReady, QueryFailed),
    )
    async def ask_pairing_code(
        session_id: SessionId, body: AskPairingCode, principal: ManageAccess, response: Response
    ) -> PairingCodeBody:
        """Link by typing a code instead of scanning one. Connects the session if need be."""
        shown = await sessions.pairing_code(principal, session_id, body.phone)
        response.headers.update(_NOT_STORED)
        return PairingCodeBody(code=shown.code, expires_at=shown.expires_at)

    @routes.get(
        "/{session_id}/passkey",
        responses=problem_responses(SessionNotFound, PasskeyNotWanted, PasskeyUnsupported, AlreadyConnected),
    )
    async def get_passkey(session_id: SessionId, principal: ManageAccess, response: Response) -> PasskeyBody:
        """WhatsApp's question for the passkey of the account that scanned the code (`statusReason` is
        `passkey_required`). Native engine only, and **not yet tried on WhatsApp's servers**."""
        on_show = await sessions.passkey(principal, session_id)
        response.headers.update(_NOT_STORED)
        return PasskeyBody(status=on_show.session.status, public_key=on_show.options, expires_at=on_show.expires_at)

    @routes.post(
        "/{session_id}/passkey",
        status_code=202,
        responses=problem_responses(
            SessionNotFound,
            PasskeyNotWanted,
            PasskeyExpired,
            PasskeyAnswered,
            PasskeyUnsupported,
            AlreadyConnected,
            QueryFailed,
        ),
    )
    async def answer_passkey(session_id: SessionId, body: AnswerPasskey, principal: ManageAccess) -> SessionBody:
        """Answer it. The session connects when phone and device are done with each other."""
        return _body(await sessions.answer_passkey(principal, session_id, body.assertion()))

    @routes.get("/{session_id}/status", responses=not_found)
    async def get_status(session_id: SessionId, principal: ReadAccess) -> StatusBody:
        """The status and evidence of life."""
        report = await sessions.report(principal, session_id)
        return StatusBody(
            id=report.session.id,
            status=report.session.status,
            status_reason=report.session.resource()["statusReason"],
            since=report.session.since,
            health=Health(
                last_frame_at=report.vitals.last_frame_at,
                ping_ms=report.vitals.ping_ms,
                send_stalled=report.send_stalled,
                sending_paused_until=report.session.paused_until,
                unreadable_settings=list(report.vitals.unreadable_settings),
            ),
        )

    return routes


def _body(session: Session) -> SessionBody:
    return SessionBody.model_validate(session.resource())


def position_of(cursor: str | None) -> SessionId | None:
    """The session that a page of sessions begins after.

    :raises CursorInvalid: if that is not what the cursor names.
    """
    if cursor is None:
        return None
    try:
        return SessionId.parse(decode_cursor(cursor)[0])
    except ValueError:
        raise CursorInvalid from None


def _qr_response(shape: QrFormat, session: Session, code: str, expires_at: datetime) -> Response:
    match shape:
        case QrFormat.PNG:
            return Response(qr.png(code), media_type="image/png", headers=_NOT_STORED)
        case QrFormat.SVG:
            return Response(qr.svg(code), media_type="image/svg+xml", headers=_NOT_STORED)
        case QrFormat.TEXT:
            return Response(qr.terminal(code), media_type="text/plain; charset=utf-8", headers=_NOT_STORED)
        case QrFormat.JSON:
            body = QrBody(status=session.status, qr_string=code, qr_code=qr.data_url(code), expires_at=expires_at)
            return Response(body.model_dump_json(), media_type="application/json", headers=_NOT_STORED)
