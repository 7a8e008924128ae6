"""What a phone decrypted and shows."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from wagate.sandbox.content import Kind, MediaFacts, Reading
from wagate.sandbox.world import World
from wagate.wire.media import MediaBroken, decrypt

#: The oldest give way.
MAX_SHOWN = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMedia:
    """A file that a phone downloaded and decrypted. ``sha256`` (hex) and ``size`` are of the plain bytes that came
    out; if none did, ``error`` says why."""

    mimetype: str
    filename: str
    size: int
    sha256: str
    error: str = ""


@dataclass(slots=True, kw_only=True)
class Shown:
    """One message on the screen. ``seen`` counts how often a copy of it was decrypted; it is shown once."""

    seq: int
    wa_id: str
    sender: str
    to: str
    group: str
    kind: Kind
    text: str
    caption: str
    quoted: str
    media: ShownMedia | None
    at: datetime
    seen: int = 1


class Inbox:
    """The messages of one phone in the order in which they came."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._messages: dict[tuple[str, str], Shown] = {}
        self._last = 0

    def show(self, *, wa_id: str, sender: str, to: str, group: str, reading: Reading) -> Shown:
        """Show a message, or count one more copy of it."""
        known = self._messages.get((sender, wa_id))
        if known is not None:
            known.seen += 1
            return known
        self._last += 1
        shown = Shown(
            seq=self._last,
            wa_id=wa_id,
            sender=sender,
            to=to,
            group=group,
            kind=reading.kind,
            text=reading.text,
            caption=reading.caption,
            quoted=reading.quoted,
            media=self._download(reading.media) if reading.media is not None else None,
            at=self._world.clock.now(),
        )
        self._messages[sender, wa_id] = shown
        if len(self._messages) > MAX_SHOWN:
            del self._messages[next(iter(self._messages))]
        return shown

    def since(self, after: int = 0, limit: int = 1000) -> list[Shown]:
        """The messages after that ``seq``, oldest first."""
        if not self._messages:
            return []
        first = next(iter(self._messages.values())).seq
        return list(islice(self._messages.values(), max(0, after + 1 - first), max(0, after + 1 - first) + limit))

    def __len__(self) -> int:
        return len(self._messages)

    def _download(self, facts: MediaFacts) -> ShownMedia:
        size, digest, error = 0, "", ""
        body = self._world.media.get(facts.direct_path)
        if body is None:
            error = "not at the media host"
        else:
            try:
                plain = decrypt(
                    body,
                    facts.kind,
                    facts.media_key,
                    file_sha256=facts.file_sha256,
                    file_enc_sha256=facts.file_enc_sha256,
                )
                size, digest = len(plain), hashlib.sha256(plain).hexdigest()
            except MediaBroken as broken:
                error = str(broken)
        return ShownMedia(mimetype=facts.mimetype, filename=facts.filename, size=size, sha256=digest, error=error)
