"""Which server is called, as whom, and under what terms."""

from dataclasses import dataclass, field
from typing import TypedDict

import grpc
import grpc.aio

from clockwire import __version__

DEFAULT_TIMEOUT_SECONDS = 30.0

_CHANNEL_OPTIONS: tuple[tuple[str, str | int], ...] = (
    ("grpc.primary_user_agent", f"clockwire-python/{__version__}"),
    # An idle connection is probed each 30 s and given up after 10 s. grpcio 1.85 obeys only
    # ping_timeout_ms (grpc/grpc#39239); keepalive_timeout_ms is for versions that obey it again.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_reconnect_backoff_ms", 10_000),
    # A connection of one's own: one shared through the process-wide pool may have been opened by a
    # process that this one was forked from, and then fails (grpc/grpc#28557).
    ("grpc.use_local_subchannel_pool", 1),
    # Repeating is done here, on a fresh channel; twice would be once too often.
    ("grpc.enable_retries", 0),
)


class Terms(TypedDict, total=False):
    """The terms of a session that may be left to their defaults."""

    api_key: str
    plaintext: bool
    ca_pem: str
    client_certificate_pem: str
    client_private_key_pem: str
    workspace_id: str
    on_behalf_of: str
    causation_id: str
    timeout: float
    retries: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A server's address, the caller's key, and the terms that hold for every call."""

    target: str
    api_key: str = field(default="", repr=False)
    plaintext: bool = False
    ca_pem: str = ""
    client_certificate_pem: str = ""
    client_private_key_pem: str = field(default="", repr=False)
    workspace_id: str = ""
    on_behalf_of: str = ""
    causation_id: str = ""
    timeout: float = DEFAULT_TIMEOUT_SECONDS
    retries: int = 3

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything is connected."""
        if not self.target or any(character.isspace() for character in self.target):
            _refuse("target must be HOST:PORT", self.target)
        if self.timeout <= 0:
            _refuse("timeout must be more than 0 seconds", self.timeout)
        if self.retries < 0:
            _refuse("retries must not be negative", self.retries)
        for name in ("api_key", "workspace_id", "on_behalf_of", "causation_id"):
            if not all(" " <= character <= "~" for character in getattr(self, name)):
                _refuse(f"{name} must be printable ASCII: it travels in a header")
        self._check_certificates()

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What is sent with every call."""
        named = {
            "authorization": self.api_key and f"Bearer {self.api_key}",
            "x-workspace-id": self.workspace_id,
            "x-on-behalf-of": self.on_behalf_of,
            "x-causation-id": self.causation_id,
        }
        return tuple((name, value) for name, value in named.items() if value)

    def open_channel(self) -> grpc.Channel:
        """A new channel for blocking calls; it connects with the first call."""
        if self.plaintext:
            return grpc.insecure_channel(self.target, options=_CHANNEL_OPTIONS)
        return grpc.secure_channel(self.target, self._credentials(), options=_CHANNEL_OPTIONS)

    def open_async_channel(self) -> grpc.aio.Channel:
        """A new channel for the running event loop; it connects with the first call."""
        if self.plaintext:
            return grpc.aio.insecure_channel(self.target, options=_CHANNEL_OPTIONS)
        return grpc.aio.secure_channel(self.target, self._credentials(), options=_CHANNEL_OPTIONS)

    def _check_certificates(self) -> None:
        if self.plaintext and (self.ca_pem or self.client_certificate_pem or self.client_private_key_pem):
            _refuse("certificates are for TLS, but plaintext was asked for")
        if bool(self.client_certificate_pem) != bool(self.client_private_key_pem):
            _refuse("a client certificate and its private key belong together: give both or neither")
        for name in ("ca_pem", "client_certificate_pem"):
            if (pem := getattr(self, name)) and "-----BEGIN CERTIFICATE-----" not in pem:
                _refuse(f"{name} must be a certificate in PEM form, beginning with -----BEGIN CERTIFICATE-----")
        if self.client_private_key_pem and "PRIVATE KEY-----" not in self.client_private_key_pem:
            _refuse("client_private_key_pem must be a private key in PEM form")

    def _credentials(self) -> grpc.ChannelCredentials:
        return grpc.ssl_channel_credentials(
            root_certificates=self.ca_pem.encode() or None,
            private_key=self.client_private_key_pem.encode() or None,
            certificate_chain=self.client_certificate_pem.encode() or None,
        )


def _refuse(sentence: str, *values: object) -> None:
    raise ValueError(sentence + "".join(f", not {value!r}" for value in values))
