"""What speaks WhatsApp's protocol for a session. Features know :mod:`wagate.engine.port` and nothing else here."""
