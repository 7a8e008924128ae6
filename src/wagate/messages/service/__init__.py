"""What is done with messages: send.py accepts, outbox.py sends, receive.py takes in, query.py looks up."""

from wagate.messages.service.files import OutgoingFiles
from wagate.messages.service.outbox import Outbox
from wagate.messages.service.query import History
from wagate.messages.service.receive import Receiver
from wagate.messages.service.send import Messages
from wagate.messages.service.sources import FileSources

__all__ = ["FileSources", "History", "Messages", "Outbox", "OutgoingFiles", "Receiver"]
