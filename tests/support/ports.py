"""A port of this machine that nobody listens on."""

import socket


def free_port() -> int:
    """A port that was free a moment ago, for programs that must be told one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
