"""Tokens of trust between contacts: WhatsApp gives some messages a chance only with one (error 463 without).

Source: Baileys 7.0.0-rc14 and whatsmeow. We give ours to whom we write to, once a week; theirs come by notification
and go along with what we send them. What the server does with them is not known.
"""

from wagate.engine.native.directory import Directory
from wagate.engine.native.line import Line
from wagate.engine.native.records import CONTACT, Contact
from wagate.engine.port import QueryFailed
from wagate.wire.jid import SERVER, Jid
from wagate.wire.node import Node

#: Tokens count for whole weeks, of which the last four are good (whatsmeow).
_WEEK = 7 * 24 * 3600
_GOOD_WEEKS = 4
_KIND = "trusted_contact"


class Trust:
    """The tokens of one link."""

    def __init__(self, line: Line, directory: Directory) -> None:
        self._line = line
        self._directory = directory
        self._giving: set[str] = set()

    async def token_of(self, chat: Jid) -> bytes:
        """What a contact gave us, empty if there is none that is still good."""
        contact = await self._line.vault.load_one(CONTACT, await self._name(chat))
        if contact is None or _weeks(self._line.now()) - _weeks(contact.token_at) >= _GOOD_WEEKS:
            return b""
        return contact.token

    async def give(self, chat: Jid) -> None:
        """Give a contact our token, if they have none of this week."""
        contact = await self._directory.canonical(chat.bare)
        name, now = str(contact), self._line.now()
        known = await self._line.vault.load_one(CONTACT, name) or Contact()
        if name in self._giving or _weeks(known.given_at) >= _weeks(now):
            return
        self._giving.add(name)
        try:
            token = Node("token", {"jid": contact, "t": str(now), "type": _KIND})
            body = Node("tokens", {}, [token])
            await self._line.query(Node("iq", {"to": SERVER, "type": "set", "xmlns": "privacy"}, [body]))
            known = await self._line.vault.load_one(CONTACT, name) or Contact()
            record = Contact(given_at=now, token=known.token, token_at=known.token_at)
            self._line.vault.put(CONTACT, name, record)
        except QueryFailed:
            # The next message tries again.
            pass
        finally:
            self._giving.discard(name)

    async def received(self, notification: Node) -> None:
        """A contact gave us theirs."""
        sender = notification.jid("sender_lid") or notification.jid("from")
        tokens = notification.child("tokens")
        if sender is None or tokens is None:
            return
        for token in tokens.all("token"):
            at = token.number("t")
            if token.get("type") == _KIND and at is not None and token.data:
                name = await self._name(sender)
                known = await self._line.vault.load_one(CONTACT, name) or Contact()
                record = Contact(given_at=known.given_at, token=token.data, token_at=at)
                self._line.vault.put(CONTACT, name, record)

    async def _name(self, jid: Jid) -> str:
        return str(await self._directory.canonical(jid.bare))


def _weeks(seconds: int) -> int:
    return seconds // _WEEK
