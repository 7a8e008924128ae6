"""Who a stanza is from and which chat it belongs to, with both addresses of each where WhatsApp tells them.

A person has a phone-number address and a LID; a stanza is addressed by one and tells the other beside it. Facts from
research on Baileys 7.0.0-rc14 (``decodeMessageNode``, ``extractAddressingContext``) and whatsmeow.
"""

from dataclasses import dataclass

from wagate.sessions.model import Session
from wagate.wire.jid import BROADCAST, NEWSLETTER, Jid
from wagate.wire.node import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One party. ``jid`` is the phone-number address where it is known, without device."""

    jid: Jid
    lid: Jid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Where a message comes from and belongs; ``by_lid`` if its stanza names people by LID."""

    chat: Person
    sender: Person
    from_me: bool
    by_lid: bool


class Unaddressed(ValueError):
    """The stanza does not say whom it is from."""


def envelope_of(stanza: Node, session: Session, destination: Jid | None = None) -> Envelope:
    """Read a ``<message>``. ``destination`` is the chat that a copy of one's own message names inside.

    :raises Unaddressed: if it can't be told.
    """
    origin = stanza.jid("from")
    if origin is None:
        raise Unaddressed("a message without a sender")
    if origin.is_group or origin.server in (BROADCAST, NEWSLETTER):
        author = stanza.jid("participant") or origin
        sender = _person(author, stanza, "participant_pn", "participant_lid", "sender_pn", "sender_lid")
        return Envelope(
            chat=Person(jid=origin.bare),
            sender=_me_or(sender, session),
            from_me=is_me(sender, session),
            by_lid=author.is_lid,
        )
    sender = _person(origin, stanza, "sender_pn", "sender_lid")
    if not is_me(sender, session):
        sender = _person(origin, stanza, "sender_pn", "sender_lid", "peer_recipient_pn", "peer_recipient_lid")
        return Envelope(chat=sender, sender=sender, from_me=False, by_lid=origin.is_lid)
    other = stanza.jid("recipient") or destination
    # Without a recipient it is a note to oneself.
    chat = (
        _me_or(sender, session)
        if other is None
        else _person(other, stanza, "recipient_pn", "recipient_lid", "peer_recipient_pn", "peer_recipient_lid")
    )
    if is_me(chat, session):
        chat = _me_or(chat, session)
    return Envelope(chat=chat, sender=_me_or(sender, session), from_me=True, by_lid=origin.is_lid)


def is_me(person: Person, session: Session) -> bool:
    """Whether this is the session's own account."""
    mine = {jid.bare for jid in (session.jid, session.lid) if jid is not None}
    return person.jid in mine or person.lid in mine


def _me_or(person: Person, session: Session) -> Person:
    """Both of one's own addresses, if it is oneself."""
    if session.jid is None or not is_me(person, session):
        return person
    return Person(jid=session.jid.bare, lid=session.lid.bare if session.lid else person.lid)


def _person(jid: Jid, stanza: Node, *names: str) -> Person:
    """``jid`` with the other address from the first of these attributes that has it."""
    pn = jid.bare if jid.is_pn else None
    lid = jid.bare if jid.is_lid else None
    for name in names:
        other = stanza.jid(name)
        if other is not None and other.is_pn and pn is None:
            pn = other.bare
        elif other is not None and other.is_lid and lid is None:
            lid = other.bare
    return Person(jid=pn or lid or jid.bare, lid=lid)
