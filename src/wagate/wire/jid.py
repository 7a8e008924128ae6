"""Addresses. On the wire a JID and a string are different types (tags 247, 250 against 252), and so they are here."""

import re
from dataclasses import dataclass
from typing import Self

PN = "s.whatsapp.net"
LID = "lid"
GROUP = "g.us"
BROADCAST = "broadcast"
NEWSLETTER = "newsletter"

#: A device's number has one byte in the binary form of numbers and LIDs.
MAX_DEVICE = 255

_TEXT = re.compile(r"(?:(?P<user>[^@:]*)(?::(?P<device>[0-9]{1,5}))?)?@(?P<server>[a-z.]+)")


@dataclass(frozen=True, slots=True)
class Jid:
    """``user[:device]@server``. An empty user names the server itself (``@s.whatsapp.net``); device 0 is the phone."""

    user: str
    server: str = PN
    device: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``user:device@server``.

        :raises ValueError: if ``text`` has no such form.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"not a JID: {text[:60]!r}")
        return cls(match["user"] or "", match["server"], int(match["device"] or 0))

    def __str__(self) -> str:
        device = f":{self.device}" if self.device else ""
        return f"{self.user}{device}@{self.server}"

    @property
    def bare(self) -> "Jid":
        """The account behind the device."""
        return Jid(self.user, self.server) if self.device else self

    def with_device(self, device: int) -> "Jid":
        return Jid(self.user, self.server, device)

    @property
    def is_pn(self) -> bool:
        return self.server == PN

    @property
    def is_lid(self) -> bool:
        return self.server == LID

    @property
    def is_group(self) -> bool:
        return self.server == GROUP


#: What stanzas of the server itself come from and go to; whatsmeow refuses the plain string in its place.
SERVER = Jid("", PN)
