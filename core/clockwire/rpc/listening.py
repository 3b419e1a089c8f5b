"""How the gRPC port is opened: with which limits, and with which certificates."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc

from clockwire.api.decoding import LARGEST_REQUEST

MIN_KEEPALIVE_SECONDS: Final = 10

_OPTIONS: Sequence[tuple[str, int]] = (
    # Without this a second server on the port starts happily and takes half of the connections.
    ("grpc.so_reuseport", 0),
    # What is somewhat too large is refused by ourselves, with a reason; the library's refusal has none.
    ("grpc.max_receive_message_length", 2 * LARGEST_REQUEST),
    ("grpc.max_metadata_size", 16_384),
    ("grpc.max_concurrent_streams", 1_000),
    # Clients may ping this often; the name with "recv" in it, which many copy, is ignored by the library.
    ("grpc.http2.min_ping_interval_without_data_ms", MIN_KEEPALIVE_SECONDS * 1_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # A link that is dead is found out after 80 s; the timeout that counts is the one of pings.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.http2.ping_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Streams end themselves before a connection grows this old.
    ("grpc.max_connection_age_ms", 3_960_000),
    ("grpc.max_connection_age_grace_ms", 60_000),
)


class ListenError(Exception):
    """The port cannot be opened; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The server's certificate and key, and the CA of clients that must show one too."""

    cert: Path
    key: Path
    client_ca: Path | None = None


def new_server(interceptor: grpc.aio.ServerInterceptor) -> grpc.aio.Server:
    """A server that does not listen yet."""
    return grpc.aio.server(interceptors=[interceptor], options=_OPTIONS)


def bind(server: grpc.aio.Server, address: str, tls: Tls | None) -> int:
    """The port on which the server will listen."""
    try:
        if tls is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, _credentials(tls))
    except RuntimeError as error:
        message = f"cannot listen on {address}: the address is in use, or not of this machine"
        raise ListenError(message) from error


def _credentials(tls: Tls) -> Any:  # noqa: ANN401 - the library's type has no name in its stubs
    _check(tls)
    client_ca = tls.client_ca.read_bytes() if tls.client_ca else None
    return grpc.ssl_server_credentials(
        [(tls.key.read_bytes(), tls.cert.read_bytes())],
        root_certificates=client_ca,
        require_client_auth=client_ca is not None,
    )


def _check(tls: Tls) -> None:
    """Raises ListenError for files that cannot be used; the library would take them, and then refuse every client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.cert, tls.key, password=_refuse_password)
    except (ssl.SSLError, OSError) as error:
        message = f"{tls.cert} and {tls.key} are not a certificate chain and its private key, both PEM: {error}"
        raise ListenError(message) from error
    if tls.client_ca is None:
        return
    try:
        context.load_verify_locations(tls.client_ca)
    except (ssl.SSLError, OSError) as error:
        message = f"{tls.client_ca} does not hold CA certificates as PEM: {error}"
        raise ListenError(message) from error


def _refuse_password() -> str:
    message = "the private key is encrypted; a server needs one that is not"
    raise ListenError(message)
