"""Tokens of trust: an account gives one to a contact, who shows it with what it sends (Baileys and whatsmeow)."""

from typing import TYPE_CHECKING

from wagate.sandbox.model import Account
from wagate.wire.jid import Jid
from wagate.wire.node import Node

if TYPE_CHECKING:
    from wagate.sandbox.world import World

_TOKEN_BYTES = 16
_KIND = "trusted_contact"


class Tokens:
    """Who trusts whom. What WhatsApp's own tokens are made of is not known; these are random."""

    def __init__(self, world: "World") -> None:
        self._world = world
        #: By giver and holder, with the time at which it was given.
        self._given: dict[tuple[str, str], tuple[bytes, str]] = {}

    def give(self, giver: Account, holder: Account, at: str) -> None:
        """``giver`` trusts ``holder``, whose devices are told. Until another is given the token stays the same."""
        token, _ = self._given.get((giver.number, holder.number), (self._world.entropy(_TOKEN_BYTES), ""))
        self._given[giver.number, holder.number] = (token, at)
        for device in holder.devices.values():
            names: dict[str, str | Jid] = {"sender_lid": giver.lid_jid}
            told = self.held(holder, giver)
            self._world.notify(device, giver.pn_jid, "privacy_token", [Node("tokens", {}, told)], **names)

    def held(self, holder: Account, giver: Account) -> list[Node]:
        """The ``<token>`` that ``holder`` has of ``giver``, if there is one."""
        given = self._given.get((giver.number, holder.number))
        if given is None:
            return []
        token, at = given
        return [Node("token", {"jid": giver.lid_jid, "t": at, "type": _KIND}, token)]

    def admits(self, sender: Account, receiver: Account, shown: bytes) -> bool:
        """Whether the receiver wants to hear from the sender, who shows this token (empty: none)."""
        if not receiver.strangers_need_token or sender is receiver:
            return True
        given = self._given.get((receiver.number, sender.number))
        return given is not None and shown == given[0]
