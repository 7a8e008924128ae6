"""The keys of files at rest: whoever copies the database must not be able to fetch and read the files it names."""

import msgspec

from wagate.core.ids import MediaId, SessionId
from wagate.core.seal import KeyRing
from wagate.media.model import RemoteFile, Upload
from wagate.wire.media import MediaKind


def seal_remote(ring: KeyRing, identifier: MediaId, remote: RemoteFile) -> bytes:
    return ring.seal(msgspec.msgpack.encode(remote), remote_aad(identifier))


def open_remote(ring: KeyRing, identifier: MediaId, sealed: bytes) -> RemoteFile:
    """:raises SealBroken: if the key ring lacks the key, or the row was changed."""
    return msgspec.msgpack.decode(ring.open(sealed, remote_aad(identifier)), type=RemoteFile)


def seal_upload(ring: KeyRing, session: SessionId, sha256: str, kind: MediaKind, upload: Upload) -> bytes:
    return ring.seal(msgspec.msgpack.encode(upload), upload_aad(session, sha256, kind))


def open_upload(ring: KeyRing, session: SessionId, sha256: str, kind: MediaKind, sealed: bytes) -> Upload:
    """:raises SealBroken: if the key ring lacks the key, or the row was changed."""
    return msgspec.msgpack.decode(ring.open(sealed, upload_aad(session, sha256, kind)), type=Upload)


def remote_aad(identifier: MediaId) -> bytes:
    return f"media.remote:{identifier}".encode()


def upload_aad(session: SessionId, sha256: str, kind: MediaKind) -> bytes:
    return f"media_uploads.upload:{session}:{sha256}:{kind}".encode()
