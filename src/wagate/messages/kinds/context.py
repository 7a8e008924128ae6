"""Quotes and mentions: WhatsApp's ``ContextInfo``."""

from collections.abc import Sequence
from dataclasses import dataclass

from wagate.messages.kinds.envelope import context_of, parts, unwrap
from wagate.wire.jid import Jid
from wagate.wire.proto import wa_pb2 as wa


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A message to reply to. ``content`` is what the recipient's phone shows above the reply."""

    wa_id: str
    chat: Jid
    sender: Jid
    content: wa.Message


def build_context(chat: Jid, quoted: Quoted | None = None, mentions: Sequence[Jid] = ()) -> wa.ContextInfo | None:
    """The context of a message to ``chat``; ``None`` if it quotes and mentions nobody."""
    if quoted is None and not mentions:
        return None
    context = wa.ContextInfo(mentionedJid=[str(jid) for jid in mentions])
    if quoted is not None:
        context.stanzaId = quoted.wa_id
        context.participant = str(quoted.sender)
        context.quotedMessage.CopyFrom(quotable(quoted.content))
        if quoted.chat != chat:
            # A reply in another chat (in private to a group's message) says where it is from.
            context.remoteJid = str(quoted.chat)
    return context


def quotable(message: wa.Message) -> wa.Message:
    """What of a message goes into a quote: itself without wrappers, keys and its own quote, which would nest."""
    copy = wa.Message()
    copy.CopyFrom(unwrap(message).message)
    for name in [field.name for field, _ in copy.ListFields()]:
        if name not in {part for part, _ in parts(copy)}:
            copy.ClearField(name)
    context = context_of(copy)
    if context is not None:
        context.Clear()
    return copy
