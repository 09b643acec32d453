"""Ports of loopback for the servers that tests start."""

from __future__ import annotations

import secrets
import socket

# Neither Linux nor macOS, as they come, gives one of these to a client. A port of the
# system's choice could be a client's again when its server starts.
PORTS = range(10_000, 32_768)


def free_port() -> int:
    """Return a port that nobody listens on."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
