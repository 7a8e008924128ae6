"""The encrypted files that clients and phones put on the media host. The host can read none of them."""

import base64
import binascii
import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from wagate.core.ids import Entropy

MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_TOTAL_BYTES = 1024 * 1024 * 1024


class MediaRefused(ValueError):
    """The upload is not what its path says, or too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """Where a file can be fetched from again."""

    url: str
    #: Contains a ``?`` already: whatsmeow appends ``&hash=…`` to it.
    direct_path: str


class MediaShelf:
    """Files by the SHA-256 of their ciphertext; the longest unused give way when there are too many bytes."""

    def __init__(self, entropy: Entropy, max_total: int = MAX_TOTAL_BYTES) -> None:
        #: What an uploading client has to repeat.
        self.auth = base64.urlsafe_b64encode(entropy(24)).decode()
        #: ``name:port`` of the HTTPS host, set when it listens.
        self.hostname = ""
        self._max_total = max_total
        self._total = 0
        self._files: OrderedDict[str, bytes] = OrderedDict()

    def put(self, kind: str, body: bytes, token: str | None = None) -> Shelved:
        """Keep a file.

        :param token: the base 64 (URL alphabet) of the SHA-256 of ``body`` that the uploader claims.
        :raises MediaRefused: if it is not, or the file is too large.
        """
        digest = hashlib.sha256(body).digest()
        name = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if token is not None and _decode(token) != digest:
            raise MediaRefused("the hash of the body is not the one in the path")
        if len(body) > MAX_FILE_BYTES:
            raise MediaRefused("the file is too large")
        if name not in self._files:
            self._files[name] = body
            self._total += len(body)
            while self._total > self._max_total and len(self._files) > 1:
                self._total -= len(self._files.popitem(last=False)[1])
        path = f"/v/t62.{kind}/{name}?ccb=11-4"
        return Shelved(url=f"https://{self.hostname}{path}", direct_path=path)

    def get(self, direct_path: str) -> bytes | None:
        """The file behind a direct path or the path of a URL."""
        name = direct_path.partition("?")[0].rpartition("/")[2]
        body = self._files.get(name)
        if body is not None:
            self._files.move_to_end(name)
        return body


def _decode(token: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except binascii.Error as error:
        raise MediaRefused("no hash in the path") from error
