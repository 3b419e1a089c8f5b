"""What can be set, once, when the program starts: by a flag or by a variable of the environment.

`OPTIONS` is the only list. The command line is made from it, and the reference in docs/ is tested against it.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import timedelta
from pathlib import Path

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PORT = re.compile(r"[0-9]{1,5}")
_ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")

USUAL_DATABASE = "sqlite:///clockwire.db"
USUAL_ADDRESS = "127.0.0.1:50051"


class SettingError(ValueError):
    """A setting cannot be obeyed; the sentence says which, and what it may be."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Text that never shows."""

    text: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> "Address":
        """The address in "HOST:PORT"; an IPv6 host stands in brackets."""
        host, _, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
        if not host or not _PORT.fullmatch(port) or int(port) > 65_535:
            message = f"--listen: {text!r} is not HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051"
            raise SettingError(message)
        return cls(host=host, port=int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that was set, read once. Below the server nobody sees it: each part gets the values it uses."""

    database: str = USUAL_DATABASE
    listen: Address = field(default_factory=lambda: Address.of(USUAL_ADDRESS))
    grpc: bool = True
    http: Address | None = None
    allow_origin: Sequence[str] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    insecure: bool = False
    dispatch: bool = True
    allow_target: Sequence[Network] = ()
    reflection: bool = True
    secret_key: Secret = Secret()
    secret_key_file: Path | None = None
    max_streams_per_key: int = 100
    drain_timeout: timedelta = timedelta(seconds=10)
    log_level: str = "info"
    log_format: str = "auto"

    def __post_init__(self) -> None:
        if bool(self.tls_cert) != bool(self.tls_key):
            message = "--tls-cert and --tls-key go together: the certificate chain and its private key"
            raise SettingError(message)
        if self.tls_client_ca and not self.tls_cert:
            message = "--tls-client-ca needs --tls-cert and --tls-key"
            raise SettingError(message)
        if not self.grpc and not self.http:
            message = "--no-grpc needs --http HOST:PORT: else nothing could be asked"
            raise SettingError(message)
        exposed = [address for address in self._addresses() if not address.is_loopback]
        if exposed and not self.tls_cert and not self.insecure:
            message = (
                f"{exposed[0]} can be reached from other machines, and keys would cross the network in clear: "
                "give --tls-cert and --tls-key, or --insecure if something in front of this server does TLS"
            )
            raise SettingError(message)

    def _addresses(self) -> Sequence[Address]:
        return [*([self.listen] if self.grpc else []), *([self.http] if self.http else [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting as people write it. `flag` is empty for what must not stand on a command line."""

    name: str
    flag: str
    meaning: str
    #: What stands for the value in help texts; empty for a switch.
    value: str = ""
    #: Whether it may be given several times; in the environment the values are separated by commas.
    repeated: bool = False

    @property
    def variable(self) -> str:
        """The variable of the environment; for a switch it is true or false."""
        return f"CLOCKWIRE_{self.name.upper()}"

    @property
    def default(self) -> str:
        """What holds if nothing is set, in words; empty for nothing."""
        [found] = [each for each in fields(Settings) if each.name == self.name]
        value = found.default_factory() if found.default_factory is not MISSING else found.default
        if isinstance(value, timedelta):
            return f"{value.total_seconds():g}"
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if isinstance(value, str | int | Address) else ""


OPTIONS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option(
            name="database",
            flag="--database",
            value="URL",
            meaning="Where everything is kept: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.",
        ),
        Option(
            name="listen",
            flag="--listen",
            value="HOST:PORT",
            meaning="Where gRPC calls come in. Port 0 picks a free one.",
        ),
        Option(
            name="grpc",
            flag="--grpc/--no-grpc",
            meaning="Answer gRPC calls. Without, this process answers HTTP alone.",
        ),
        Option(
            name="http",
            flag="--http",
            value="HOST:PORT",
            meaning="Where HTTP requests come in, if anywhere: calls as JSON, and monitoring. Port 0 picks a free one.",
        ),
        Option(
            name="allow_origin",
            flag="--allow-origin",
            value="ORIGIN",
            repeated=True,
            meaning="A web page's origin from which browsers may make HTTP calls: https://app.example.com. "
            "May be repeated.",
        ),
        Option(name="tls_cert", flag="--tls-cert", value="FILE", meaning="The server's certificate chain, PEM."),
        Option(name="tls_key", flag="--tls-key", value="FILE", meaning="The private key of --tls-cert, PEM."),
        Option(
            name="tls_client_ca",
            flag="--tls-client-ca",
            value="FILE",
            meaning="CA certificates, PEM. Only clients with a certificate from one of them may connect (mutual TLS).",
        ),
        Option(
            name="insecure",
            flag="--insecure",
            meaning="Listen without TLS also where other machines can connect.",
        ),
        Option(
            name="dispatch",
            flag="--dispatch/--no-dispatch",
            meaning="Send webhooks from this process.",
        ),
        Option(
            name="allow_target",
            flag="--allow-target",
            value="CIDR",
            repeated=True,
            meaning="Private addresses that webhooks may be sent to, also with http: 10.1.0.0/16. May be repeated.",
        ),
        Option(
            name="reflection",
            flag="--reflection/--no-reflection",
            meaning="Tell gRPC tools which services there are.",
        ),
        Option(
            name="secret_key",
            flag="",
            value="KEY",
            meaning="Base64 of 32 bytes that encrypt signing secrets in the database. Of several, separated by commas, "
            "the first encrypts and all decrypt. It takes the place of --secret-key-file.",
        ),
        Option(
            name="secret_key_file",
            flag="--secret-key-file",
            value="FILE",
            meaning="A file that holds the secret key; it is made if there is none. Without it: FILE.key beside a "
            "SQLite file, else ~/.local/state/clockwire/secret.key.",
        ),
        Option(
            name="max_streams_per_key",
            flag="--max-streams-per-key",
            value="COUNT",
            meaning="Most streams that one API key may hold open.",
        ),
        Option(
            name="drain_timeout",
            flag="--drain-timeout",
            value="SECONDS",
            meaning="How long calls in flight may take when the server stops.",
        ),
        Option(
            name="log_level",
            flag="--log-level",
            value="debug|info|warning|error",
            meaning="The least important lines that are logged. Each call is one line at info.",
        ),
        Option(
            name="log_format",
            flag="--log-format",
            value="auto|json|text",
            meaning="How lines look; auto is text on a terminal and JSON elsewhere.",
        ),
    )
}


def origin_of(text: str) -> str:
    """The origin, as browsers write it: scheme, host in small letters, and a port that is not the usual one."""
    if _ORIGIN.fullmatch(text.strip()):
        return text.strip()
    message = f"--allow-origin: {text!r} is no origin, such as https://app.example.com or http://localhost:3000"
    raise SettingError(message)


def network_of(text: str) -> Network:
    """The network in CIDR form, or of a single address."""
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        message = f"--allow-target: {error}"
        raise SettingError(message) from error
