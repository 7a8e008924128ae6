"""The command line: `wagate up` and its parts, and a client of the HTTP API for people at a terminal."""
