"""The control API: what a person with a phone in hand does, by HTTP; and the server's record of what it saw."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query

from wagate.core.errors import WagateError
from wagate.sandbox.apimodels import (
    NewSandboxFault,
    NewSandboxGroup,
    NewSandboxHistory,
    NewSandboxPhone,
    SandboxCode,
    SandboxDevice,
    SandboxFacts,
    SandboxFault,
    SandboxGroup,
    SandboxMessage,
    SandboxPasskey,
    SandboxPhone,
    SandboxPhoneSettings,
    SandboxScan,
    SandboxSend,
    SandboxSent,
    SandboxWireEntry,
)
from wagate.sandbox.errors import (
    CodeUnknown,
    DeviceUnknown,
    GroupUnknown,
    LinkFailed,
    NoPasskey,
    NotAMember,
    NumberInvalid,
    PasskeyQuestionUnknown,
    PhoneOffline,
    PhoneUnknown,
    QrUnknown,
    QuoteUnknown,
    RecipientUnknown,
)
from wagate.sandbox.faults import Fault, FaultRefused
from wagate.sandbox.model import Account
from wagate.sandbox.numbers import read_number, read_recipient
from wagate.sandbox.phone import Phone
from wagate.sandbox.sandbox import Sandbox
from wagate.web import problems
from wagate.web.pages import CursorInvalid, Page
from wagate.web.problems import ProblemMiddleware, problem_responses
from wagate.web.requestid import RequestIdMiddleware
from wagate.web.routing import MAX_JSON_BYTES, ApiRouter

#: A document of 100 MB, the largest that WhatsApp carries, in base64.
MAX_SEND_BYTES = 140 * 1024 * 1024

#: These lists are read by tests that look for one entry among thousands, so pages are large.
_DEFAULT_LIMIT = 1_000
_MAX_LIMIT = 10_000

_Limit = Annotated[int, Query(ge=1, le=_MAX_LIMIT, description="How many items a page may have.")]
_After = Annotated[str, Query(max_length=20, description="`next` of the page before, or the `seq` of an item.")]


def router(sandbox: Sandbox) -> APIRouter:
    """Everything below ``/sandbox``. Who may call it is decided where it is mounted."""
    routes = ApiRouter(tags=["sandbox"])
    world = sandbox.world

    def phone_of(number: str) -> Phone:
        account = world.account(_digits(number))
        if account is None or not isinstance(account.phone, Phone):
            raise PhoneUnknown
        return account.phone

    @routes.get("/sandbox")
    async def get_sandbox() -> SandboxFacts:
        """What any WhatsApp Web client needs to be pointed at the simulated WhatsApp."""
        return SandboxFacts(
            web_socket_url=sandbox.websocket_url,
            root_public_key=sandbox.root_public_key.hex(),
            media_ca_pem=sandbox.media_ca_pem,
            devices_online=sum(
                d.line is not None for account in world.accounts.values() for d in account.devices.values()
            ),
            complaints=dict(world.complaints),
        )

    # -- phones

    @routes.post("/sandbox/phones", status_code=201, responses=problem_responses(NumberInvalid))
    async def create_sandbox_phone(body: NewSandboxPhone) -> SandboxPhone:
        """A simulated phone with its own keys. If the number has one already, it takes on what is given here."""
        number = read_number(body.number)
        account = world.account(number)
        phone = phone_of(number) if account is not None else Phone.add(world, number, body.name or number)
        _apply(phone, body)
        return _phone_body(phone.account)

    @routes.get("/sandbox/phones")
    async def list_sandbox_phones(after: _After = "", limit: _Limit = _DEFAULT_LIMIT) -> Page[SandboxPhone]:
        """All phones, in the order of their numbers."""
        numbers = sorted(n for n in world.accounts if n > after)
        items = [_phone_body(world.accounts[number]) for number in numbers[:limit]]
        return Page(items=items, next=items[-1].number if len(numbers) > limit else None)

    @routes.get("/sandbox/phones/{number}", responses=problem_responses(PhoneUnknown))
    async def get_sandbox_phone(number: str) -> SandboxPhone:
        """One phone, its settings and its linked devices."""
        return _phone_body(phone_of(number).account)

    @routes.post("/sandbox/phones/{number}/settings", responses=problem_responses(PhoneUnknown))
    async def change_sandbox_phone(number: str, body: SandboxPhoneSettings) -> SandboxPhone:
        """Change how the phone behaves; what is not given stays."""
        phone = phone_of(number)
        _apply(phone, body)
        return _phone_body(phone.account)

    @routes.post(
        "/sandbox/phones/{number}/history",
        status_code=204,
        responses=problem_responses(PhoneUnknown, NumberInvalid, RecipientUnknown),
    )
    async def give_sandbox_history(number: str, body: NewSandboxHistory) -> None:
        """Give the phone old chats, which it hands to the next device that is linked to it."""
        history = phone_of(number).history
        chats = [read_recipient(chat) for chat in body.chats]
        history.invent(chats, body.messages, start=body.start, pad=body.pad)
        history.spoil_next = body.spoil

    # -- linking

    @routes.post(
        "/sandbox/phones/{number}/scan",
        status_code=201,
        responses=problem_responses(PhoneUnknown, QrUnknown, LinkFailed, PhoneOffline),
    )
    async def scan_with_sandbox_phone(number: str, body: SandboxScan) -> SandboxDevice:
        """Scan the QR code of a session; answers when the device has accepted."""
        phone = phone_of(number)
        phone.check_online()
        return SandboxDevice.of(await phone.linking.scan(body.qr))

    @routes.post(
        "/sandbox/phones/{number}/enter-code",
        status_code=201,
        responses=problem_responses(PhoneUnknown, CodeUnknown, LinkFailed, PhoneOffline),
    )
    async def enter_code_on_sandbox_phone(number: str, body: SandboxCode) -> SandboxDevice:
        """Type in the pairing code of a session; answers when the device has accepted."""
        phone = phone_of(number)
        phone.check_online()
        return SandboxDevice.of(await phone.linking.enter_code(body.code))

    @routes.post(
        "/sandbox/phones/{number}/passkey", responses=problem_responses(PhoneUnknown, NoPasskey, PasskeyQuestionUnknown)
    )
    async def answer_with_sandbox_passkey(number: str, body: SandboxPasskey) -> dict[str, Any]:
        """The owner shows the passkey to a browser: what its `credential.toJSON()` gives for these options."""
        return phone_of(number).show_passkey(body.public_key)

    @routes.delete(
        "/sandbox/phones/{number}/devices/{device}",
        status_code=204,
        responses=problem_responses(PhoneUnknown, DeviceUnknown),
    )
    async def unlink_sandbox_device(number: str, device: int) -> None:
        """Unlink a device; its connection ends with 401."""
        phone_of(number).unlink(device)

    # -- messages

    @routes.post(
        "/sandbox/phones/{number}/send",
        status_code=201,
        max_body_size=MAX_SEND_BYTES,
        responses=problem_responses(
            PhoneUnknown, GroupUnknown, PhoneOffline, NumberInvalid, RecipientUnknown, NotAMember, QuoteUnknown
        ),
    )
    async def send_from_sandbox_phone(number: str, body: SandboxSend) -> SandboxSent:
        """The phone sends, end-to-end encrypted, to a number, a JID, a LID or a group."""
        phone = phone_of(number)
        phone.check_online()
        chat = read_recipient(body.to)
        if body.media is not None:
            wa_id = phone.outbox.send_file(chat, body.media_kind(), body.media.file(), body.caption, body.quote)
        else:
            wa_id = phone.outbox.send_text(chat, body.text or "", body.quote)
        return SandboxSent(wa_id=wa_id)

    @routes.get("/sandbox/phones/{number}/messages", responses=problem_responses(PhoneUnknown, CursorInvalid))
    async def list_sandbox_messages(
        number: str, after: _After = "", limit: _Limit = _DEFAULT_LIMIT
    ) -> Page[SandboxMessage]:
        """What this phone decrypted and shows, oldest first."""
        found = phone_of(number).inbox.since(_seq(after), limit + 1)
        items = [SandboxMessage.of(shown) for shown in found[:limit]]
        return Page(items=items, next=str(items[-1].seq) if len(found) > limit else None)

    # -- groups

    @routes.post("/sandbox/groups", status_code=201, responses=problem_responses(PhoneUnknown, NumberInvalid))
    async def create_sandbox_group(body: NewSandboxGroup) -> SandboxGroup:
        """A group of phones and what is linked to them. The first member makes it, unless another is named."""
        members = [phone_of(read_number(member)).account for member in body.members]
        creator = phone_of(read_number(body.creator)).account if body.creator else members[0]
        return SandboxGroup.of(world.groups.create(body.subject, creator, members))

    @routes.get("/sandbox/groups")
    async def list_sandbox_groups() -> Page[SandboxGroup]:
        """All groups."""
        return Page(items=[SandboxGroup.of(group) for group in world.groups.all()])

    # -- the record, and what shall go wrong

    @routes.get("/sandbox/wire", responses=problem_responses(CursorInvalid))
    async def read_sandbox_wire(
        session: Annotated[str, Query(max_length=80, description="A device's JID, or a phone number.")] = "",
        after: _After = "",
        limit: _Limit = _DEFAULT_LIMIT,
    ) -> Page[SandboxWireEntry]:
        """What the server saw, in order; nothing of it is decrypted."""
        found = world.record.since(_seq(after), session.removeprefix("+"), limit + 1)
        items = [SandboxWireEntry.model_validate(entry.as_dict()) for entry in found[:limit]]
        return Page(items=items, next=str(items[-1].seq) if len(found) > limit else None)

    @routes.post("/sandbox/faults", status_code=201, responses=problem_responses(FaultRefused))
    async def add_sandbox_fault(body: NewSandboxFault) -> SandboxFault:
        """Let something go wrong from now on."""
        fault = Fault.parse(body.model_dump(mode="json", by_alias=True, exclude_none=True))
        world.inject(fault)
        return SandboxFault.model_validate(fault.as_dict())

    @routes.get("/sandbox/faults")
    async def list_sandbox_faults() -> Page[SandboxFault]:
        """What goes wrong now."""
        return Page(items=[SandboxFault.model_validate(fault.as_dict()) for fault in world.faults.active()])

    @routes.delete("/sandbox/faults", status_code=204)
    async def clear_sandbox_faults() -> None:
        """Nothing goes wrong any more."""
        world.faults.clear()

    return routes


def app(sandbox: Sandbox) -> FastAPI:
    """The control API alone, for ``wagate sandbox``: no key, so it must listen on loopback only. It starts and stops
    the sandbox."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await sandbox.start()
        try:
            yield
        finally:
            await sandbox.stop()

    made = FastAPI(title="wagate sandbox", openapi_url=None, redirect_slashes=False, lifespan=lifespan)
    problems.install(made)
    made.add_middleware(ProblemMiddleware)
    made.add_middleware(RequestIdMiddleware)
    made.include_router(router(sandbox), max_body_size=MAX_JSON_BYTES)

    return made


def _digits(number: str) -> str:
    try:
        return read_number(number)
    except WagateError:
        return ""


def _seq(after: str) -> int:
    if not after:
        return 0
    if not (after.isascii() and after.isdigit()):
        raise CursorInvalid
    return int(after)


def _apply(phone: Phone, body: SandboxPhoneSettings | NewSandboxPhone) -> None:
    settings = phone.settings
    if body.name is not None and body.name != phone.account.name:
        phone.rename(body.name)
    if "auto_reply" in body.model_fields_set:
        settings.auto_reply = body.auto_reply or False
    if body.read_receipts is not None:
        settings.read_receipts = body.read_receipts
    if body.typing is not None:
        settings.typing = body.typing
    if body.fail_next is not None:
        settings.fail_next = body.fail_next
    if "withhold" in body.model_fields_set:
        settings.withhold = body.withhold
    if body.answer_retries is not None:
        settings.answer_retries = body.answer_retries
    if body.one_time_keys is not None:
        settings.one_time_keys = body.one_time_keys
    if body.strangers_need_token is not None:
        phone.account.strangers_need_token = body.strangers_need_token
    if body.passkey is not None:
        phone.protect(body.passkey)
    if body.online is not None and body.online != settings.online:
        phone.set_online(body.online)


def _phone_body(account: Account) -> SandboxPhone:
    assert isinstance(account.phone, Phone)  # the only kind of phone that is ever added
    settings = account.phone.settings
    return SandboxPhone(
        number=account.number,
        name=account.name,
        jid=str(account.pn_jid),
        lid=str(account.lid_jid),
        online=settings.online,
        read_receipts=settings.read_receipts,
        auto_reply=settings.auto_reply or None,
        typing=settings.typing,
        fail_next=settings.fail_next,
        withhold=settings.withhold,
        answer_retries=settings.answer_retries,
        one_time_keys=settings.one_time_keys,
        strangers_need_token=account.strangers_need_token,
        passkey=account.phone.linking.passkey is not None,
        devices=[SandboxDevice.of(device) for device in account.devices.values()],
    )
