"""Encrypting for devices and decrypting from them; every operation records what it changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from wagate.engine.native import prekeys
from wagate.engine.native.directory import Directory
from wagate.engine.native.line import Line
from wagate.engine.native.records import CHAINS, ONE_TIME, OWN_CHAIN, RATCHETS, OwnChain, chain_key
from wagate.wire.ciphertext import parse_pkmsg
from wagate.wire.jid import Jid
from wagate.wire.ratchet import Bundle
from wagate.wire.senderkeys import NoSenderKey, ReceivedKeys, SenderKey
from wagate.wire.signal import BadBundle, Ciphertext, Kind, NoSession, SessionSet, pad, unpad

#: Makes the content for a device.
PlaintextFor = Callable[[Jid], bytes]
#: What has to be recorded in the stretch in which a plaintext came out.
Opened = Callable[[bytes], None]


class Cipher:
    """The Signal protocol of one link. Devices are named as in stanzas; their sessions are kept by LID."""

    def __init__(self, line: Line, directory: Directory) -> None:
        self._line = line
        self._directory = directory

    # -- one to one

    async def begin_sessions(self, devices: Sequence[Jid]) -> dict[Jid, str]:
        """The names under which sessions with these devices are kept. Sessions are begun with those that have none,
        as far as the server has usable keys of theirs.

        :raises QueryFailed: if the server does not answer.
        """
        canonical = {device: await self._directory.canonical(device) for device in devices}
        names = {device: str(jid) for device, jid in canonical.items()}
        known = await self._line.vault.load(RATCHETS, list(names.values()))
        strangers = {str(jid): jid for jid in canonical.values() if str(jid) not in known or not known[str(jid)].open}
        if strangers:
            bundles = await self._directory.bundles(list(strangers.values()))
            # What came meanwhile may have begun a session.
            known = await self._line.vault.load(RATCHETS, list(strangers))
            for jid, bundle in bundles.items():
                if str(jid) not in known or known[str(jid)].open is None:
                    self._begin(str(jid), bundle, known.get(str(jid)))
        return names

    async def renew(self, device: Jid, bundle: Bundle) -> None:
        """Begin a new session with a device that could not read ours.

        :raises BadBundle: if its keys are not signed.
        """
        name = str(await self._directory.canonical(device))
        known = await self._line.vault.load_one(RATCHETS, name)
        if not self._begin(name, bundle, known):
            raise BadBundle(f"unusable keys of device {device.device}")

    async def encrypt(self, names: Mapping[Jid, str], plaintext_for: PlaintextFor) -> dict[Jid, Ciphertext]:
        """Encrypt for each device; those without a session are left out. All of it is one stretch of the journal."""
        vault, entropy = self._line.vault, self._line.entropy
        sessions = await vault.load(RATCHETS, list(names.values()))
        sealed: dict[Jid, Ciphertext] = {}
        for device, name in names.items():
            session = sessions.get(name)
            if session is None or session.open is None:
                continue
            try:
                sealed[device] = session.encrypt(pad(plaintext_for(device), entropy))
            except NoSession:
                continue
            vault.put(RATCHETS, name, session, "encrypted")
        return sealed

    async def decrypt(self, sender: Jid, kind: Kind, body: bytes, opened: Opened) -> bytes:
        """The plaintext of a ``msg`` or ``pkmsg``. ``opened`` is called with it where it was recorded.

        :raises SignalError: if it can't be read. Only if it was encrypted rightly and padded wrongly has a key of the
            session been used then.
        """
        vault, name = self._line.vault, str(sender)
        found = prekeys.Found({}, {})
        stranger = False
        if kind == "pkmsg":
            outer = parse_pkmsg(body)
            known = await vault.load_one(RATCHETS, name)
            # Until we answer, every message is one; only the first needs our pre-keys.
            if known is None or not known.begun_by(outer.base):
                found = await prekeys.find(self._line, outer)
        sessions = await vault.load_one(RATCHETS, name) or SessionSet(self._line.entropy)
        if kind == "pkmsg" and sessions.open is not None and sessions.open.remote_identity != outer.identity:
            # Somebody with new keys starts anew: what the former ones agreed on is dropped, if this one is sound.
            sessions, stranger = SessionSet(self._line.entropy), True
        result = sessions.decrypt(kind, body, identity=self._line.identity, prekeys=found)
        # Stored whatever the content turns out to be: what the session in memory has used up is used up.
        vault.put(RATCHETS, name, sessions, "decrypted")
        if result.used_prekey is not None:
            vault.delete(ONE_TIME, str(result.used_prekey))
        plaintext = unpad(result.plaintext)
        opened(plaintext)
        if stranger:
            self._directory.forget(sender)
        return plaintext

    def _begin(self, name: str, bundle: Bundle, known: SessionSet | None) -> bool:
        sessions = known or SessionSet(self._line.entropy)
        if sessions.open is not None and sessions.open.remote_identity != bundle.identity:
            sessions = SessionSet(self._line.entropy)
        try:
            sessions.start(self._line.identity, bundle, self._line.device.registration_id)
        except BadBundle:
            # Forged or malformed: this device is left out, the others are not its hostages.
            return False
        self._line.vault.put(RATCHETS, name, sessions)
        return True

    # -- groups

    async def encrypt_group(
        self, group: Jid, members: Mapping[Jid, str], plaintext: bytes, telling: Callable[[bytes], bytes]
    ) -> tuple[bytes, dict[Jid, Ciphertext]]:
        """Encrypt with our chain: the ``skmsg``, and for the members that don't know the chain a ciphertext of
        ``telling(distribution)``. A new chain begins when somebody who knew the old one is not among ``members``.
        """
        vault, entropy = self._line.vault, self._line.entropy
        own = await vault.load_one(OWN_CHAIN, str(group))
        if own is None or own.told - set(members.values()):
            own = OwnChain(SenderKey.create(entropy), set())
        told: dict[Jid, Ciphertext] = {}
        distribution = own.key.distribution()
        # Sessions come last, as what is received changes them too; our chain is changed by one sender at a time.
        sessions = await vault.load(RATCHETS, list(members.values()))
        for device, name in members.items():
            session = sessions.get(name)
            if name in own.told or session is None or session.open is None:
                continue
            told[device] = session.encrypt(pad(telling(distribution), entropy))
            vault.put(RATCHETS, name, session, "encrypted")
            own.told.add(name)
        body = own.key.encrypt(pad(plaintext, entropy))
        vault.put(OWN_CHAIN, str(group), own, "encrypted")
        return body, told

    async def own_distribution(self, group: Jid) -> bytes | None:
        """Our chain in a group as it stands now; ``None`` if there is none."""
        own = await self._line.vault.load_one(OWN_CHAIN, str(group))
        return own.key.distribution() if own is not None else None

    async def forget_told(self, group: Jid, names: Iterable[str] | None = None) -> None:
        """These members (``None``: all) may not know our chain."""
        own = await self._line.vault.load_one(OWN_CHAIN, str(group))
        if own is not None:
            own.told = own.told - set(names) if names is not None else set()
            self._line.vault.put(OWN_CHAIN, str(group), own)

    async def decrypt_group(self, group: Jid, sender: Jid, body: bytes, opened: Opened) -> bytes:
        """The plaintext of a ``skmsg``; otherwise as :meth:`decrypt`."""
        key = chain_key(str(group), str(sender))
        chains = await self._line.vault.load_one(CHAINS, key)
        if chains is None:
            raise NoSenderKey("this device has told no chain")
        padded = chains.decrypt(body)
        self._line.vault.put(CHAINS, key, chains, "decrypted")
        plaintext = unpad(padded)
        opened(plaintext)
        return plaintext

    async def learn_chain(self, group: str, sender: Jid, distribution: bytes) -> None:
        """A member's device tells its chain. Hearing it twice changes nothing.

        :raises Malformed: if it is none.
        """
        key = chain_key(group, str(sender))
        chains = await self._line.vault.load_one(CHAINS, key) or ReceivedKeys()
        chains.accept(distribution)
        self._line.vault.put(CHAINS, key, chains)
