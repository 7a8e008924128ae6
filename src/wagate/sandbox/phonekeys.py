"""A phone's keys and sessions: a full Signal endpoint, device 0 of its account.

Sessions are kept by account number and device, whether a message was addressed by phone number or by LID: both
names mean the same device.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from wagate.core.ids import Entropy
from wagate.wire.adv import IdentityRefused, Refusal, check_device
from wagate.wire.keys import KeyPair, sign, typed
from wagate.wire.senderkeys import NoSenderKey, ReceivedKeys, SenderKey
from wagate.wire.signal import Bundle, Ciphertext, NoSession, PreKey, SessionSet, SignedPreKey, pad, sender_of, unpad

#: One-time keys that were handed out and not used yet; the oldest give way, and their messages are asked for again.
MAX_ONE_TIME = 2_000

_SIGNED_ID = 1
_MAX_KEY_ID = 0xFFFFFF

#: An account number and a device number.
Peer = tuple[str, int]


@dataclass(slots=True)
class _Group:
    """Our own chain in a group, and who can follow it."""

    key: SenderKey
    told: set[Peer] = field(default_factory=set)


class PhoneKeys:
    """Identity, pre-keys, sessions with devices, and sender keys of groups."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self.begin_anew()

    def begin_anew(self) -> None:
        """New keys, no sessions."""
        entropy = self._entropy
        self.identity = KeyPair.generate(entropy)
        #: 14 bits, as phones have them.
        self.registration_id = int.from_bytes(entropy(2), "big") & 0x3FFF
        self._signed = KeyPair.generate(entropy)
        self._signature = sign(self.identity.private, typed(self._signed.public), entropy)
        self._one_times: dict[int, bytes] = {}
        self._last_one_time = 0
        self._sessions: dict[Peer, SessionSet] = {}
        self._vouched: dict[Peer, bytes] = {}
        self._own_groups: dict[str, _Group] = {}
        self._group_keys: dict[tuple[str, Peer], ReceivedKeys] = {}

    # -- what others need to write to us

    def bundle(self) -> Bundle:
        """Our public keys, with a new one-time key each time."""
        self._last_one_time = self._last_one_time % _MAX_KEY_ID + 1
        pair = KeyPair.generate(self._entropy)
        self._one_times[self._last_one_time] = pair.private
        if len(self._one_times) > MAX_ONE_TIME:
            del self._one_times[next(iter(self._one_times))]
        return Bundle(
            registration_id=self.registration_id,
            identity=self.identity.public,
            signed_prekey=SignedPreKey(id=_SIGNED_ID, public=self._signed.public, signature=self._signature),
            one_time=PreKey(id=self._last_one_time, public=pair.public),
        )

    def signed(self, key_id: int) -> KeyPair | None:
        return self._signed if key_id == _SIGNED_ID else None

    def one_time(self, key_id: int) -> KeyPair | None:
        private = self._one_times.get(key_id)
        return None if private is None else KeyPair.from_private(private)

    # -- one to one

    def encrypt(self, peer: Peer, plaintext: bytes, bundle_of: Callable[[], Bundle | None]) -> Ciphertext:
        """Encrypt for a device, beginning a session if there is none.

        :raises NoSession: if one is needed and there is no bundle.
        :raises BadBundle: if its signature is false.
        """
        sessions = self._sessions.get(peer)
        if sessions is None or sessions.open is None:
            bundle = bundle_of()
            if bundle is None:
                raise NoSession(f"no bundle for device {peer[1]}")
            sessions = self._sessions.setdefault(peer, SessionSet(self._entropy))
            sessions.start(self.identity, bundle, self.registration_id)
        return sessions.encrypt(pad(plaintext, self._entropy))

    def renew(self, peer: Peer, bundle: Bundle) -> None:
        """Begin a new session with a device that could not read ours.

        :raises BadBundle: if its signature is false.
        """
        sessions = self._sessions.setdefault(peer, SessionSet(self._entropy))
        sessions.start(self.identity, bundle, self.registration_id)

    def decrypt(self, peer: Peer, kind: str, body: bytes, device_identity: bytes, account_key: bytes | None) -> bytes:
        """Decrypt a ``msg`` or ``pkmsg``; a linked device's ``pkmsg`` must prove that its account vouches for it.

        :raises SignalError: it can't be decrypted.
        :raises IdentityRefused: the proof is missing or false.
        """
        if kind == "pkmsg" and peer[1] != 0:
            identity, _ = sender_of(body)
            if self._vouched.get(peer) != identity + device_identity:
                if not device_identity:
                    raise IdentityRefused(Refusal.MALFORMED)
                check_device(device_identity, identity, account_key)
                self._vouched[peer] = identity + device_identity
        sessions = self._sessions.get(peer) or SessionSet(self._entropy)
        opened = sessions.decrypt(kind, body, identity=self.identity, prekeys=self)
        self._sessions[peer] = sessions
        if opened.used_prekey is not None:
            self._one_times.pop(opened.used_prekey, None)
        return unpad(opened.plaintext)

    def forget(self, peer: Peer) -> None:
        """The device is gone, with all that we had with it."""
        self._sessions.pop(peer, None)
        self._vouched.pop(peer, None)

    # -- groups

    def group_key(self, group: str, members: set[Peer]) -> tuple[bytes, set[Peer]]:
        """Our chain's distribution, and which members have not been told it. A new chain begins when somebody left.

        Calling it counts them as told.
        """
        own = self._own_groups.get(group)
        if own is None or own.told - members:
            own = self._own_groups[group] = _Group(SenderKey.create(self._entropy))
        untold = members - own.told
        own.told |= members
        return own.key.distribution(), untold

    def group_distribution(self, group: str) -> bytes:
        """Our chain as it stands now; a new one if there is none (any more)."""
        own = self._own_groups.setdefault(group, _Group(SenderKey.create(self._entropy)))
        return own.key.distribution()

    def encrypt_group(self, group: str, plaintext: bytes) -> bytes:
        """Encrypt with our chain; :meth:`group_key` comes first."""
        return self._own_groups[group].key.encrypt(pad(plaintext, self._entropy))

    def learn_group(self, group: str, peer: Peer, distribution: bytes) -> None:
        """A member's device tells its chain.

        :raises Malformed: if it is not one.
        """
        self._group_keys.setdefault((group, peer), ReceivedKeys()).accept(distribution)

    def decrypt_group(self, group: str, peer: Peer, body: bytes) -> bytes:
        """Decrypt a ``skmsg``.

        :raises SignalError: NoSenderKey, BadSignature, DuplicateMessage …
        """
        known = self._group_keys.get((group, peer))
        if known is None:
            raise NoSenderKey("this device has told no chain")
        return unpad(known.decrypt(body))
