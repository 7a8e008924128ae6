"""The handshake: Noise_XX_25519_AESGCM_SHA256 (https://noiseprotocol.org/noise.html), both roles, and its transport.

Three protobuf ``HandshakeMessage``: the client's ephemeral key; the server's ephemeral and (encrypted) static key and
certificate chain; the client's (encrypted) static key and payload. Facts beyond the specification: the prologue is
the intro ``WA`` 06 03; nonces count in the last four bytes of the twelve, big-endian; transport frames carry no
associated data.
"""

import hashlib
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError

from wagate.wire.certs import ChainRefused, verify_chain
from wagate.wire.framing import PROLOGUE
from wagate.wire.keys import BadKey, Entropy, KeyPair, agree, hkdf
from wagate.wire.proto import wa_pb2 as wa

_NAME = b"Noise_XX_25519_AESGCM_SHA256\0\0\0\0"
_NONCE_PREFIX = bytes(8)
_MAX_NONCE = 0xFFFF_FFFF


class HandshakeRefused(Exception):
    """The other end's handshake message is malformed, forged, or out of turn."""


class BadFrameSeal(ValueError):
    """A frame does not decrypt: it was altered, lost or reordered. The connection is beyond repair."""


class Transport:
    """The two keys that a handshake leaves behind, and their counters."""

    def __init__(self, send_key: bytes, receive_key: bytes) -> None:
        self._send, self._receive = AESGCM(send_key), AESGCM(receive_key)
        self._sent = self._received = 0

    def seal(self, plaintext: bytes) -> bytes:
        """Encrypt the next frame."""
        nonce = _nonce(self._sent)
        self._sent += 1
        return self._send.encrypt(nonce, plaintext, None)

    def open(self, ciphertext: bytes) -> bytes:
        """Decrypt the next frame.

        :raises BadFrameSeal: if it is not the next frame of the other end.
        """
        try:
            plaintext = self._receive.decrypt(_nonce(self._received), ciphertext, None)
        except (InvalidTag, ValueError) as error:
            raise BadFrameSeal("the frame does not decrypt") from error
        self._received += 1
        return plaintext


class _Symmetric:
    """The symmetric state of the specification: the running hash, the chaining key, and the current cipher."""

    def __init__(self, prologue: bytes) -> None:
        self._hash = self._chaining = _NAME
        self._cipher: AESGCM | None = None
        self._count = 0
        self.mix_hash(prologue)

    def mix_hash(self, data: bytes) -> None:
        self._hash = hashlib.sha256(self._hash + data).digest()

    def mix_key(self, shared: bytes) -> None:
        both = hkdf(shared, 64, self._chaining)
        self._chaining, self._cipher, self._count = both[:32], AESGCM(both[32:]), 0

    def encrypt(self, plaintext: bytes) -> bytes:
        assert self._cipher is not None
        ciphertext = self._cipher.encrypt(_nonce(self._count), plaintext, self._hash)
        self._count += 1
        self.mix_hash(ciphertext)
        return ciphertext

    def decrypt(self, ciphertext: bytes) -> bytes:
        assert self._cipher is not None
        try:
            plaintext = self._cipher.decrypt(_nonce(self._count), ciphertext, self._hash)
        except (InvalidTag, ValueError) as error:
            raise HandshakeRefused("a part of the handshake does not decrypt") from error
        self._count += 1
        self.mix_hash(ciphertext)
        return plaintext

    def split(self) -> tuple[bytes, bytes]:
        """The keys client to server and server to client."""
        both = hkdf(b"", 64, self._chaining)
        return both[:32], both[32:]


class Responder:
    """The server's side of one handshake; every method once, in this order."""

    def __init__(self, static: KeyPair, chain: bytes, entropy: Entropy) -> None:
        self._static, self._chain = static, chain
        self._ephemeral = KeyPair.generate(entropy)
        self._state: _Symmetric | None = None
        self._transport: Transport | None = None

    def read_hello(self, prologue: bytes, data: bytes) -> bytes:
        """Take the client's hello; returns the server's.

        :raises HandshakeRefused: if it is no hello.
        """
        theirs = _parse(data).clientHello.ephemeral
        state = _Symmetric(prologue)
        state.mix_hash(theirs)
        state.mix_hash(self._ephemeral.public)
        state.mix_key(_agree(self._ephemeral, theirs))
        answer = wa.HandshakeMessage()
        answer.serverHello.ephemeral = self._ephemeral.public
        answer.serverHello.static = state.encrypt(self._static.public)
        state.mix_key(_agree(self._static, theirs))
        answer.serverHello.payload = state.encrypt(self._chain)
        self._state = state
        return answer.SerializeToString()

    def read_finish(self, data: bytes) -> tuple[bytes, bytes]:
        """Take the client's last message; returns its static key and its payload (a ``ClientPayload``).

        :raises HandshakeRefused: if it does not finish this handshake.
        """
        if self._state is None:
            raise HandshakeRefused("a finish before the hello")
        state, self._state = self._state, None
        finish = _parse(data).clientFinish
        client_static = state.decrypt(finish.static)
        state.mix_key(_agree(self._ephemeral, client_static))
        payload = state.decrypt(finish.payload)
        to_server, to_client = state.split()
        self._transport = Transport(to_client, to_server)
        return client_static, payload

    @property
    def transport(self) -> Transport:
        """The finished handshake's keys.

        :raises HandshakeRefused: before :meth:`read_finish`.
        """
        return _finished(self._transport)


class Initiator:
    """The client's side of one handshake; every method once, in this order."""

    def __init__(self, static: KeyPair, root_key: bytes, now: datetime, entropy: Entropy) -> None:
        self._static, self._root_key, self._now = static, root_key, now
        self._ephemeral = KeyPair.generate(entropy)
        self._transport: Transport | None = None

    def hello(self) -> bytes:
        """The client's hello."""
        message = wa.HandshakeMessage()
        message.clientHello.ephemeral = self._ephemeral.public
        return message.SerializeToString()

    def read_hello(self, data: bytes, payload: bytes) -> bytes:
        """Take the server's hello, check its chain, and return the last message, which carries ``payload``.

        :raises HandshakeRefused: if the server is not one that the root key vouches for.
        """
        hello = _parse(data).serverHello
        state = _Symmetric(PROLOGUE)
        state.mix_hash(self._ephemeral.public)
        state.mix_hash(hello.ephemeral)
        state.mix_key(_agree(self._ephemeral, hello.ephemeral))
        server_static = state.decrypt(hello.static)
        state.mix_key(_agree(self._ephemeral, server_static))
        chain = state.decrypt(hello.payload)
        try:
            verify_chain(chain, self._root_key, server_static, self._now)
        except ChainRefused as error:
            raise HandshakeRefused(str(error)) from error
        message = wa.HandshakeMessage()
        message.clientFinish.static = state.encrypt(self._static.public)
        state.mix_key(_agree(self._static, hello.ephemeral))
        message.clientFinish.payload = state.encrypt(payload)
        to_server, to_client = state.split()
        self._transport = Transport(to_server, to_client)
        return message.SerializeToString()

    @property
    def transport(self) -> Transport:
        """The finished handshake's keys.

        :raises HandshakeRefused: before :meth:`read_hello`.
        """
        return _finished(self._transport)


def _nonce(count: int) -> bytes:
    if count > _MAX_NONCE:
        raise BadFrameSeal("the connection has used up its nonces")
    return _NONCE_PREFIX + count.to_bytes(4, "big")


def _parse(data: bytes) -> wa.HandshakeMessage:
    try:
        return wa.HandshakeMessage.FromString(data)
    except DecodeError as error:
        raise HandshakeRefused("not a handshake message") from error


def _agree(own: KeyPair, theirs: bytes) -> bytes:
    try:
        return agree(own.private, theirs)
    except BadKey as error:
        raise HandshakeRefused("not a usable key in the handshake") from error


def _finished(transport: Transport | None) -> Transport:
    if transport is None:
        raise HandshakeRefused("the handshake is not finished")
    return transport
