"""What was sent and received, by day: counted from the event log, each event once, without touching what sends."""
