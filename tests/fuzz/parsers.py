"""Every parser of what comes from outside."""

from tests.fuzz.content_parsers import CONTENT
from tests.fuzz.credential_parsers import CREDENTIALS
from tests.fuzz.line_parsers import LINE
from tests.fuzz.linking_parsers import LINKING
from tests.fuzz.parser import Parser
from tests.fuzz.signal_parsers import SIGNAL

PARSERS: tuple[Parser, ...] = (*LINE, *LINKING, *SIGNAL, *CONTENT, *CREDENTIALS)
