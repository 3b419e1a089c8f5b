"""How the gRPC port is opened: with which limits, and with which certificates."""

from collections.abc import Sequence
from typing import Any, Final

import grpc

from clockwire.api.decoding import LARGEST_REQUEST
from clockwire.api.tls import ListenError, Tls, server_context

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
    server_context(tls)  # the library would take files that cannot be used, and then refuse every client
    client_ca = tls.client_ca.read_bytes() if tls.client_ca else None
    return grpc.ssl_server_credentials(
        [(tls.key.read_bytes(), tls.cert.read_bytes())],
        root_certificates=client_ca,
        require_client_auth=client_ca is not None,
    )
