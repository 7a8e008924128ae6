"""The routes of applications: the same sessions for programs that were written for `/api/whatsapp/applications`.

An application is a session, and its id is the session's. Its fields are in snake_case; only what sends is in camelCase,
as those programs spell it. Everything here is for administrators.
"""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Request
from pydantic import ConfigDict, StringConstraints, field_validator
from starlette.responses import Response

from wagate.core.ids import SessionId
from wagate.messages.api import IdempotencyKey, Wait, answer_to_send
from wagate.messages.bodies import SentBody
from wagate.messages.errors import (
    AccountRestricted,
    BadIdempotencyKey,
    FirstContactBudget,
    IdempotencyMismatch,
    InvalidRecipient,
    NewChatsRestricted,
    NotOnWhatsApp,
    NotSent,
    RefusedByWhatsApp,
    SendingTooFast,
    SessionLoggedOut,
    SessionNotLinked,
    StaleAddress,
    StaleGroup,
    TextTooLong,
)
from wagate.messages.kinds.body import Address
from wagate.messages.kinds.text import Body as TextBody
from wagate.messages.service.send import DEFAULT_WAIT, Messages
from wagate.plans.errors import PlanLimit
from wagate.sessions import qr
from wagate.sessions.api import Name, Phone, Purpose, position_of
from wagate.sessions.errors import (
    AlreadyConnected,
    InvalidPhone,
    QrNotAvailable,
    SessionNotFound,
    SessionsOutOfReach,
)
from wagate.sessions.model import Session, SessionStatus
from wagate.sessions.service import UNCHANGED, Change, Sessions
from wagate.web.auth import AdminAccess
from wagate.web.limits import check_send
from wagate.web.models import ApiModel, ApiRequest
from wagate.web.pages import DEFAULT_LIMIT, Cursor, CursorInvalid, Limit, Page, page_of
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter


class _SnakeCase(ApiModel):
    model_config = ConfigDict(alias_generator=None)


class ApplicationBody(_SnakeCase):
    """A session as an application."""

    id: SessionId
    name: str
    phone: str | None
    """As given, in international form."""
    purpose: str | None
    status: SessionStatus
    last_connected_at: datetime | None
    last_disconnected_at: datetime | None
    created_at: datetime
    updated_at: datetime
    created_by: str | None
    """The user or key that made it."""

    @classmethod
    def of(cls, session: Session) -> Self:
        return cls(
            id=session.id,
            name=session.name,
            phone=session.phone,
            purpose=session.purpose,
            status=session.status,
            last_connected_at=session.last_connected_at,
            last_disconnected_at=session.last_disconnected_at,
            created_at=session.created_at,
            updated_at=session.updated_at,
            created_by=session.created_by,
        )


class ApplicationQrBody(_SnakeCase):
    """What a page that links an application shows."""

    status: SessionStatus
    """`connected` once the code was scanned; there is no code any more then."""
    qr_code: str | None
    """The picture as a data URL (PNG); null while there is none to scan."""
    expires_at: datetime | None


class CreateApplication(ApiRequest):
    """The application to make."""

    name: Name
    phone: Phone | None = None
    purpose: Purpose | None = None


class UpdateApplication(ApiRequest):
    """What to change; null empties a field, a field that is left out stays."""

    name: Name | None = None
    phone: Phone | None = None
    purpose: Purpose | None = None

    @field_validator("name")
    @classmethod
    def _named(cls, value: str | None) -> str:
        if value is None:
            raise ValueError("an application needs a name")
        return value


class SendFromApplication(ApiRequest):
    """The text to send."""

    application_id: SessionId
    phone_number: Address
    """A phone number in any common spelling, or whatever else `to` of `POST /api/send` takes."""
    message: Annotated[str, StringConstraints(min_length=1)]
    """Up to 65,536 characters."""


_SENT: dict[int | str, dict[str, Any]] = {
    201: {"description": "WhatsApp acknowledged it", "model": SentBody},
    202: {"description": "Accepted; it is not acknowledged yet, and will be sent", "model": SentBody},
}


def router(sessions: Sessions, messages: Messages) -> APIRouter:
    """Routes of applications."""
    routes = ApiRouter(prefix="/api/whatsapp", tags=["applications"])
    not_found = problem_responses(SessionNotFound)

    @routes.post(
        "/applications", status_code=201, responses=problem_responses(PlanLimit, SessionsOutOfReach, InvalidPhone)
    )
    async def create_application(body: CreateApplication, principal: AdminAccess) -> ApplicationBody:
        """Make an application; connect it next."""
        made = await sessions.create(principal, name=body.name, phone=body.phone, purpose=body.purpose)
        return ApplicationBody.of(made)

    @routes.get("/applications", responses=problem_responses(CursorInvalid))
    async def list_applications(
        principal: AdminAccess, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> Page[ApplicationBody]:
        """The account's applications, newest first."""
        found = await sessions.page(principal, before=position_of(cursor), limit=limit + 1)
        return page_of(found, limit, ApplicationBody.of, lambda session: session.id)

    @routes.get("/applications/{application_id}", responses=not_found)
    async def get_application(application_id: SessionId, principal: AdminAccess) -> ApplicationBody:
        """One application."""
        return ApplicationBody.of(await sessions.get(principal, application_id))

    @routes.put("/applications/{application_id}", responses=problem_responses(SessionNotFound, InvalidPhone))
    async def update_application(
        application_id: SessionId, body: UpdateApplication, principal: AdminAccess
    ) -> ApplicationBody:
        """Change the fields that are given."""
        given = {field: getattr(body, field) for field in body.model_fields_set}
        change = Change(
            name=given.get("name", UNCHANGED),
            phone=given.get("phone", UNCHANGED),
            purpose=given.get("purpose", UNCHANGED),
        )
        return ApplicationBody.of(await sessions.update(principal, application_id, change))

    @routes.delete("/applications/{application_id}", status_code=204, responses=not_found)
    async def delete_application(application_id: SessionId, principal: AdminAccess) -> None:
        """Unlink the device, wipe its keys, forget the application."""
        await sessions.delete(principal, application_id)

    @routes.post("/applications/{application_id}/connect", status_code=202, responses=not_found)
    async def connect_application(application_id: SessionId, principal: AdminAccess) -> ApplicationBody:
        """Connect, and stay connected; one that is not linked shows a QR code. Harmless if it is connected."""
        return ApplicationBody.of(await sessions.connect(principal, application_id))

    @routes.post("/applications/{application_id}/disconnect", status_code=202, responses=not_found)
    async def disconnect_application(application_id: SessionId, principal: AdminAccess) -> ApplicationBody:
        """Disconnect and stay linked. Harmless if it is disconnected."""
        return ApplicationBody.of(await sessions.disconnect(principal, application_id))

    @routes.post("/applications/{application_id}/reconnect", status_code=202, responses=not_found)
    async def reconnect_application(application_id: SessionId, principal: AdminAccess) -> ApplicationBody:
        """Drop the connection, if there is one, and connect at once."""
        return ApplicationBody.of(await sessions.reconnect(principal, application_id))

    @routes.get("/applications/{application_id}/qr", responses=not_found)
    async def get_application_qr(
        application_id: SessionId, principal: AdminAccess, response: Response
    ) -> ApplicationQrBody:
        """The QR code to scan, and the status. Made to be asked every two seconds until the status is `connected`: no
        code to show is an answer here, not an error.
        """
        # A code is good for one person for some seconds; no cache may keep it.
        response.headers["Cache-Control"] = "no-store"
        try:
            on_show = await sessions.qr(principal, application_id)
        except (QrNotAvailable, AlreadyConnected):
            session = await sessions.get(principal, application_id)
            return ApplicationQrBody(status=session.status, qr_code=None, expires_at=None)
        return ApplicationQrBody(
            status=on_show.session.status,
            qr_code=qr.data_url(on_show.shown.code),
            expires_at=on_show.shown.expires_at,
        )

    @routes.post(
        "/send",
        status_code=201,
        response_model=SentBody,
        responses={
            **_SENT,
            **problem_responses(
                BadIdempotencyKey,
                SessionNotFound,
                SessionLoggedOut,
                SessionNotLinked,
                PlanLimit,
                FirstContactBudget,
                NewChatsRestricted,
                SendingTooFast,
                InvalidRecipient,
                TextTooLong,
                IdempotencyMismatch,
                NotOnWhatsApp,
                RefusedByWhatsApp,
                AccountRestricted,
                StaleAddress,
                StaleGroup,
                NotSent,
            ),
        },
    )
    async def send_from_application(
        request: Request,
        body: SendFromApplication,
        principal: AdminAccess,
        wait: Wait = DEFAULT_WAIT,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Send a text, as `POST /api/send` does. Once this answers with 2xx, it is stored and will be sent, once."""
        text = TextBody.model_validate({"to": body.phone_number, "text": body.message})
        await check_send(request, principal, body.application_id)
        message = await messages.send(principal, body.application_id, text, idempotency_key=idempotency_key, wait=wait)
        return answer_to_send(request, message)

    return routes
