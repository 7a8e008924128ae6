"""Who has which devices, and which LID belongs to which number: cached within bounds, corrected by notifications."""

from collections.abc import Iterable, Sequence

from wagate.engine.native.line import Line
from wagate.engine.native.lru import Lru
from wagate.engine.native.records import LID_OF, RATCHETS, Text
from wagate.wire.jid import LID, MAX_DEVICE, PN, Jid
from wagate.wire.node import Node
from wagate.wire.ratchet import Bundle, PreKey, SignedPreKey

#: Device lists by link and account, for all links of an engine together. 200 bytes each.
Devices = Lru[tuple[int, Jid], tuple[int, ...]]
DEVICE_LISTS = 50_000
#: Notifications correct a list; this is for those that were missed.
DEVICE_LIST_SECONDS = 3600.0
#: Mappings in one commit: few enough for others' changes not to wait.
_LEARNT_AT_ONCE = 500


class Directory:
    """What one link knows of others' devices."""

    def __init__(self, link: int, line: Line, devices: Devices) -> None:
        self._link = link
        self._line = line
        self._devices = devices

    # -- LIDs

    async def canonical(self, jid: Jid, told: Jid | None = None) -> Jid:
        """The name under which a device's session is kept: its LID if there is one. ``told`` is what a stanza says
        about it.
        """
        if not jid.is_pn:
            return jid
        if self._line.device.is_own(jid):
            return self._line.device.own_lid.bare.with_device(jid.device)
        if told is not None and told.is_lid:
            await self.learn(jid, told)
            return told.bare.with_device(jid.device)
        known = await self._line.vault.load_one(LID_OF, jid.user)
        if known is None:
            await self.devices([jid.bare])
            known = await self._line.vault.load_one(LID_OF, jid.user)
        return Jid(known, LID, jid.device) if known is not None else jid

    async def learn(self, pn: Jid, lid: Jid) -> None:
        """A number and a LID are the same account. Sessions that were made under the number move to the LID."""
        if await self._line.vault.load_one(LID_OF, pn.user) == lid.user:
            return
        self._line.vault.put(LID_OF, pn.user, Text(lid.user))
        await self._move(pn.bare, lid.bare)

    async def learn_all(self, pairs: Sequence[tuple[Jid, Jid]]) -> None:
        """As :meth:`learn`, for many."""
        for start in range(0, len(pairs), _LEARNT_AT_ONCE):
            part = pairs[start : start + _LEARNT_AT_ONCE]
            known = await self._line.vault.load(LID_OF, [pn.user for pn, _ in part])
            new = [(pn, lid) for pn, lid in part if known.get(pn.user) != lid.user]
            # Who was never written to has no session that could move.
            met = await self._line.vault.load(RATCHETS, [str(pn.bare) for pn, _ in new])
            for pn, lid in new:
                self._line.vault.put(LID_OF, pn.user, Text(lid.user))
            for pn, lid in new:
                if str(pn.bare) in met or self._devices.get((self._link, pn.bare)):
                    await self._move(pn.bare, lid.bare)
            await self._line.journal.settled()

    async def _move(self, pn: Jid, lid: Jid) -> None:
        devices = {0, *(self._devices.get((self._link, pn)) or ())}
        old = await self._line.vault.load(RATCHETS, [str(pn.with_device(d)) for d in devices])
        new = await self._line.vault.load(RATCHETS, [str(lid.with_device(d)) for d in devices])
        for device in devices:
            moved, key = old.get(str(pn.with_device(device))), str(lid.with_device(device))
            if moved is not None:
                if key not in new:
                    self._line.vault.put(RATCHETS, key, moved)
                self._line.vault.delete(RATCHETS, str(pn.with_device(device)))

    # -- devices

    async def devices(self, accounts: Sequence[Jid]) -> dict[Jid, tuple[int, ...]]:
        """The device numbers of these accounts, of each under the name that was asked for; accounts that WhatsApp
        does not know are left out.

        :raises QueryFailed: if the server does not answer.
        """
        found: dict[Jid, tuple[int, ...]] = {}
        missing: list[Jid] = []
        for account in dict.fromkeys(accounts):
            known = self._devices.get((self._link, account))
            if known is None:
                missing.append(account)
            else:
                found[account] = known
        if missing:
            found |= await self._ask_devices(missing)
        return found

    async def exists(self, pn: Jid) -> bool:
        """Whether a number is on WhatsApp.

        :raises QueryFailed: if the server does not answer.
        """
        contact = Node("contact", {}, f"+{pn.user}".encode())
        answer = await self._usync([Node("contact")], [Node("user", {}, [contact])], "query", "interactive")
        return any((c := user.child("contact")) is not None and c.get("type") == "in" for user in answer)

    def forget(self, account: Jid) -> None:
        """Ask for an account's devices anew next time."""
        self._devices.pop((self._link, account.bare))

    def changed(self, notification: Node) -> None:
        """Devices came or went: lists are asked for anew, sessions with devices that are gone are dropped."""
        accounts = [jid.bare for name in ("from", "lid") if (jid := notification.jid(name)) is not None]
        for account in accounts:
            self.forget(account)
        for gone in notification.all("remove"):
            for device in gone.all("device"):
                jid = device.jid("jid")
                if jid is not None and jid.device:
                    self._line.vault.delete(RATCHETS, str(jid))

    async def identity_changed(self, account: Jid) -> None:
        """An account's phone has new keys: what was agreed on with it is void."""
        lid = await self.canonical(account.bare)
        self.forget(account.bare)
        self.forget(lid)
        self._line.vault.delete(RATCHETS, str(lid))

    async def _ask_devices(self, accounts: Sequence[Jid]) -> dict[Jid, tuple[int, ...]]:
        users = [Node("user", {"jid": account}) for account in accounts]
        answer = await self._usync([Node("devices", {"version": "2"}), Node("lid")], users, "query", "message")
        found: dict[Jid, tuple[int, ...]] = {}
        for user in answer:
            jid, listed = user.jid("jid"), user.child("devices", "device-list")
            if jid is None or listed is None:
                continue
            lid = user.child("lid")
            told = lid.jid("val") if lid is not None else None
            if told is not None and jid.server == PN:
                await self.learn(jid, told)
            found[jid] = tuple(sorted(_numbers(listed)))
            self._devices.put((self._link, jid), found[jid])
        return found

    async def _usync(self, protocols: list[Node], users: list[Node], mode: str, context: str) -> Sequence[Node]:
        line = self._line
        attrs = {"sid": line.new_id(), "mode": mode, "context": context, "index": "0", "last": "true"}
        body = Node("usync", attrs, [Node("query", {}, protocols), Node("list", {}, users)])
        answer = await line.ask("usync", "get", body)
        listed = answer.child("usync", "list")
        return listed.children if listed is not None else ()

    # -- bundles

    async def bundles(self, devices: Sequence[Jid]) -> dict[Jid, Bundle]:
        """What is needed to begin sessions with these devices; those without are left out.

        :raises QueryFailed: if the server does not answer.
        """
        if not devices:
            return {}
        users = [Node("user", {"jid": jid, "reason": "identity"}) for jid in devices]
        answer = await self._line.ask("encrypt", "get", Node("key", {}, users))
        listed = answer.child("list")
        found: dict[Jid, Bundle] = {}
        for user in listed.all("user") if listed is not None else ():
            jid, bundle = user.jid("jid"), read_bundle(user)
            if jid is not None and bundle is not None:
                found[jid] = bundle
        return found


def read_bundle(node: Node) -> Bundle | None:
    """The keys in a ``<user>`` of the server's answer, or the ``<keys>`` of a retry receipt beside ``<registration>``;
    ``None`` if they are not all there. Their signature is checked where they are used.
    """
    identity, signed = node.child("identity"), _key(node.child("skey"))
    signature = node.child("skey", "signature")
    if identity is None or signed is None or signature is None:
        return None
    registration = node.child("registration")
    one_time = _key(node.child("key"))
    return Bundle(
        registration_id=int.from_bytes(registration.data, "big") if registration is not None else 0,
        identity=identity.data[-32:],
        signed_prekey=SignedPreKey(id=signed[0], public=signed[1], signature=signature.data),
        one_time=PreKey(id=one_time[0], public=one_time[1]) if one_time is not None else None,
    )


def _key(node: Node | None) -> tuple[int, bytes] | None:
    if node is None:
        return None
    key_id, value = node.child("id"), node.child("value")
    return None if key_id is None or value is None else (int.from_bytes(key_id.data, "big"), value.data[-32:])


def _numbers(listed: Node) -> Iterable[int]:
    """The devices that may be written to: the phone, and those that it has given a key index."""
    for device in listed.all("device"):
        number = device.number("id")
        if number is not None and number <= MAX_DEVICE and (number == 0 or "key-index" in device.attrs):
            yield number
