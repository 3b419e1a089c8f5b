"""Which certificates a port shows, and which it wants of those who connect."""

import ssl
from dataclasses import dataclass
from pathlib import Path


class ListenError(Exception):
    """The port cannot be opened; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The server's certificate and key, and the CA of clients that must show one too."""

    cert: Path
    key: Path
    client_ca: Path | None = None


def server_context(tls: Tls) -> ssl.SSLContext:
    """What a server does TLS with. ListenError for files that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.cert, tls.key, password=_refuse_password)
    except (ssl.SSLError, OSError) as error:
        message = f"{tls.cert} and {tls.key} are not a certificate chain and its private key, both PEM: {error}"
        raise ListenError(message) from error
    if tls.client_ca is None:
        return context
    try:
        context.load_verify_locations(tls.client_ca)
    except (ssl.SSLError, OSError) as error:
        message = f"{tls.client_ca} does not hold CA certificates as PEM: {error}"
        raise ListenError(message) from error
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _refuse_password() -> str:
    message = "the private key is encrypted; a server needs one that is not"
    raise ListenError(message)
