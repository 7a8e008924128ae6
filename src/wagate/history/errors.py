"""Why a chunk of history is set aside."""

from wagate.core.errors import WagateError


class ChunkBroken(WagateError):
    """This chunk of history is not what its notice says, or can't be read."""

    code = "history_broken"
