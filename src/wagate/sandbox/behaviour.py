"""How a simulated phone behaves."""

from dataclasses import dataclass

#: A message is asked for, and sent, again so many times at most, as clients do.
MAX_RETRIES = 5


@dataclass(slots=True)
class Behaviour:
    """What its owner can set."""

    online: bool = True
    read_receipts: bool = True
    #: Answer devices' messages: ``True`` echoes the text, a string is sent as it is.
    auto_reply: str | bool = False
    #: Show "typing…" before each message.
    typing: bool = False
    #: Encrypt for phones alone: linked devices are told that a message is ``<unavailable>``, with this as its type
    #: ("": none). ``None`` encrypts for all.
    withhold: str | None = None
    #: Hand out one-time keys to those who begin a chat; without, bundles have none, as when they ran out.
    one_time_keys: bool = True
    #: Send a message again to a device that asks for it.
    answer_retries: bool = True
    #: Refuse so many messages that come next and ask for them again.
    fail_next: int = 0
