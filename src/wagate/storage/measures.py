"""What the database tells of itself: commits, and what waits for it."""

from wagate.core.metrics import Counter, Gauge, Histogram

GROUP_JOBS = Histogram(
    "wagate_db_group_jobs",
    "Writes that shared one commit.",
    bounds=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
GROUP_SECONDS = Histogram("wagate_db_group_seconds", "From the first write of a group to its commit.")
WRITES_FAILED = Counter("wagate_db_writes_failed_total", "Writes that the database did not take.", ("code",))
WRITE_QUEUE = Gauge("wagate_db_write_queue", "Writes that wait for the group being committed.")
READ_QUEUE = Gauge("wagate_db_read_queue", "Reads that wait for a reader.")
