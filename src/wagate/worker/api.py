"""The worker's own HTTP, for gateways alone: as seed 003 spells it, and what a connection can do besides.

What is asked is done here only while this worker holds the session's lease; otherwise the answer is 404, and the
gateway looks up where the session is.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from wagate.cluster.service.remote import pack, unpack
from wagate.core.errors import BadRequest
from wagate.core.ids import MessageId, SessionId, WorkerId
from wagate.engine.port import EngineSession, PasskeyAssertion, Vitals
from wagate.sessions.errors import QrNotAvailable, SessionNotConnected, SessionNotFound
from wagate.sessions.links import Stage
from wagate.sessions.qr import data_url
from wagate.web.auth import FleetAccess
from wagate.web.models import ApiModel, ApiRequest
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter
from wagate.wire.node import Node
from wagate.worker.host import Host

#: A stanza of this size is a group of a thousand; media never travel here.
_MAX_STANZA = 400_000
Stanza = Annotated[str, StringConstraints(max_length=_MAX_STANZA)]
Session = Annotated[SessionId, Path()]


class CreateSession(ApiRequest):
    """A session that this worker was given."""

    session_id: SessionId
    user_id: str | None = None
    epoch: Annotated[int, Field(ge=1)]


class SendMessage(ApiRequest):
    """A message that waits in the session's queue."""

    message_id: MessageId


class QueuedMessage(SendMessage):
    """A message that waits in a session's queue."""

    session_id: SessionId


class SendMessages(ApiRequest):
    """Messages that wait, the newest of each session."""

    messages: Annotated[list[QueuedMessage], Field(min_length=1, max_length=1000)]


class PairingCode(ApiRequest):
    """The number of the phone to link with, digits only."""

    phone: Annotated[str, StringConstraints(pattern=r"^[0-9]{5,20}$")]


class PasskeyAnswer(ApiRequest):
    """What a passkey's holder answers; see :class:`wagate.engine.port.PasskeyAssertion`."""

    id: str
    raw_id: str
    client_data: str
    authenticator_data: str
    signature: str
    user_handle: str | None = None


class StanzaBody(ApiRequest):
    """A stanza without an answer."""

    stanza: Stanza


class Query(StanzaBody):
    """A stanza whose answer is waited for."""

    timeout: Annotated[float, Field(gt=0, le=60)] = 30.0


class Taken(ApiModel):
    """It is being done."""

    accepted: bool = True


class Told(ApiModel):
    """The sessions among them that are not hosted here."""

    elsewhere: list[SessionId]


class Answer(ApiModel):
    """The answer to a query."""

    stanza: str


class Code(ApiModel):
    """A pairing code: eight characters."""

    code: str


class QrCode(ApiModel):
    """The code on show."""

    qr_string: str
    qr_code: str
    """As a data URL of a PNG."""
    expires_at: datetime
    version: int
    """Counts the codes of one attempt to link."""


class SessionStanding(ApiModel):
    """What a worker says of a session that it hosts; :class:`wagate.cluster.service.remote.Standing` reads it."""

    session_id: SessionId
    status: str
    stage: Stage | None
    since: datetime | None
    links_by_passkey: bool
    send_stalled: bool
    last_frame_at: datetime | None
    ping_ms: float | None
    unreadable_settings: list[str]


class MessageStats(ApiModel):
    """The messages of the sessions that a worker hosts."""

    worker_id: WorkerId
    sessions: int
    messages: dict[str, int]
    """How many there are in each state."""


def router(host: Host) -> APIRouter:
    """What gateways ask of this worker."""
    routes = ApiRouter(tags=["worker"])
    gone = problem_responses(SessionNotFound)

    @routes.post("/session/create", status_code=202)
    async def create_session(_: FleetAccess, body: CreateSession) -> Taken:
        """Host a session that was given to this worker; its row says so, too."""
        host.look()
        return Taken()

    @routes.get("/session/{session_id}/qr", responses=problem_responses(SessionNotFound, QrNotAvailable))
    async def get_session_qr(_: FleetAccess, session_id: Session) -> QrCode:
        """The code on show."""
        shown = await host.codes.qr(host.mine(session_id))
        if shown is None:
            raise QrNotAvailable
        return QrCode(
            qr_string=shown.code, qr_code=data_url(shown.code), expires_at=shown.expires_at, version=shown.version
        )

    @routes.get("/session/{session_id}/status", responses=gone)
    async def get_session_standing(_: FleetAccess, session_id: Session) -> SessionStanding:
        """How the session's connection is."""
        return await _standing(host, session_id)

    @routes.delete("/session/{session_id}", status_code=202, responses=gone)
    async def delete_session(_: FleetAccess, session_id: Session) -> Taken:
        """Let go of a session at once. Whether it is wanted at all, its row says."""
        host.release(session_id)
        return Taken()

    @routes.post("/{session_id}/send", status_code=202, responses=gone)
    async def send_message(_: FleetAccess, session_id: Session, body: SendMessage) -> Taken:
        """Look at the session's queue now."""
        host.wake_outbox(session_id)
        return Taken()

    @routes.post("/send", status_code=202)
    async def send_messages(_: FleetAccess, body: SendMessages) -> Told:
        """Look at the queues of many sessions now."""
        return Told(elsewhere=[item.session_id for item in body.messages if not host.wakes_outbox(item.session_id)])

    @routes.get("/message/stats")
    async def get_message_counts(_: FleetAccess) -> MessageStats:
        """The messages of the sessions that this worker hosts, by state, as the database has them."""
        return MessageStats(worker_id=host.worker, sessions=len(host.sessions), messages=await host.count_messages())

    @routes.post("/session/{session_id}/pairing-code", responses=gone)
    async def ask_pairing_code(_: FleetAccess, session_id: Session, body: PairingCode) -> Code:
        """Have WhatsApp make a pairing code."""
        return Code(code=await _connection(host, session_id).request_pairing_code(body.phone))

    @routes.post("/session/{session_id}/passkey", status_code=202, responses=gone)
    async def answer_session_passkey(_: FleetAccess, session_id: Session, body: PasskeyAnswer) -> Taken:
        """Hand on what a passkey's holder answered."""
        await _connection(host, session_id).answer_passkey(_assertion(body))
        return Taken()

    @routes.post("/session/{session_id}/logout", status_code=202, responses=gone)
    async def unlink_session(_: FleetAccess, session_id: Session) -> Taken:
        """Unlink the device."""
        await _connection(host, session_id).logout()
        return Taken()

    @routes.post("/session/{session_id}/close", status_code=202, responses=gone)
    async def close_connection(_: FleetAccess, session_id: Session) -> Taken:
        """End the connection."""
        await _connection(host, session_id).close()
        return Taken()

    @routes.post("/session/{session_id}/stanza", status_code=202, responses=gone)
    async def send_stanza(_: FleetAccess, session_id: Session, body: StanzaBody) -> Taken:
        """Send a stanza that has no answer."""
        await _connection(host, session_id).send(_node(body.stanza))
        return Taken()

    @routes.post("/session/{session_id}/query", responses=gone)
    async def ask_query(_: FleetAccess, session_id: Session, body: Query) -> Answer:
        """Send a query and wait for its answer."""
        node = _node(body.stanza)
        return Answer(stanza=pack(await _connection(host, session_id).query(node, body.timeout)))

    @routes.post("/drain", status_code=202)
    async def drain(_: FleetAccess) -> Taken:
        """Take no more sessions, and hand over those there are."""
        host.begin_drain()
        return Taken()

    return routes


async def _standing(host: Host, session: SessionId) -> SessionStanding:
    link = await host.links.find(host.mine(session))
    condition = await host.links.condition(session, host.now())
    vitals: Vitals = condition.vitals
    return SessionStanding(
        session_id=session,
        status="hosted",
        stage=None if link is None else link.stage,
        since=None if link is None else link.since,
        links_by_passkey=link is not None and link.session.links_by_passkey,
        send_stalled=condition.send_stalled,
        last_frame_at=vitals.last_frame_at,
        ping_ms=vitals.ping_ms,
        unreadable_settings=list(vitals.unreadable_settings),
    )


def _connection(host: Host, session: SessionId) -> EngineSession:
    found = host.links.get(host.mine(session))
    if found is None:
        raise SessionNotConnected
    return found


def _assertion(body: PasskeyAnswer) -> PasskeyAssertion:
    return PasskeyAssertion(**body.model_dump(by_alias=False))


def _node(text: str) -> Node:
    try:
        return unpack(text)
    except ValueError as error:
        raise BadRequest("That is no stanza") from error
