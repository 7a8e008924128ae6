"""Where a test may kill the bridge as a power cut would.

``WAGATE_BRIDGE_CRASH_AT=<point>[:n[:program]]`` has the bridge send itself SIGKILL the n-th time it gets there, and
with ``program`` its host too; ``@<file>`` reads such an order from a file, which is gone once it is carried out. It is
honoured only under ``WAGATE_TEST_FAULTS=1``. ``bridge/src/faults.ts`` has the same names, and a test compares them.
"""

from enum import StrEnum


class CrashPoint(StrEnum):
    #: A ratchet advanced in memory; its commit has not left.
    ENCRYPTED = "encrypted"
    #: The ratchet step is durable; the message has not left.
    COMMITTED = "committed"
    #: The message has left; its acknowledgement has not come.
    WRITTEN = "written"
    #: A message was decrypted in memory; its commit has not left.
    DECRYPTED = "decrypted"
    #: The message is in the inbox; its receipt has not left.
    STORED = "stored"
    #: The receipt has left.
    RECEIPTED = "receipted"
