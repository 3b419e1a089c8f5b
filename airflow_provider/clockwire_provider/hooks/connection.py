"""What an Airflow connection says about the server and the caller."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from clockwire.client.session import Terms

DEFAULT_PORT = 50051


class StoredConnection(Protocol):
    """What is read of an Airflow connection."""

    conn_id: str
    host: str | None
    port: int | None
    password: str | None

    @property
    def extra_dejson(self) -> dict[str, Any]:
        """What the form's own fields hold."""


def target_of(connection: StoredConnection) -> str:
    """HOST:PORT, as gRPC wants it."""
    host = (connection.host or "").strip()
    if not host:
        raise ValueError(f"the connection {connection.conn_id!r} has no host")
    if "/" in host:
        raise ValueError(f"the host is a name or an address without scheme and path, not {host!r}")
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{bracketed}:{connection.port or DEFAULT_PORT}"


def terms_of(connection: StoredConnection, *, causation_id: str = "") -> "Terms":
    """The terms of a client, from the connection's password and extra; null and empty mean unset."""
    extra = {name: value for name, value in connection.extra_dejson.items() if value not in (None, "")}
    terms: Terms = {
        "api_key": (connection.password or "").strip(),
        "plaintext": not _switch(extra, "tls", unset=True),
        "timeout": _seconds(extra, "timeout_seconds", unset=30.0),
        "ca_pem": _pem(extra, "ca_pem"),
        "client_certificate_pem": _pem(extra, "client_certificate_pem"),
        "client_private_key_pem": _pem(extra, "client_private_key_pem"),
        "workspace_id": str(extra.get("workspace_id", "")).strip(),
        "on_behalf_of": str(extra.get("on_behalf_of", "")).strip(),
        "causation_id": causation_id,
    }
    if not terms["api_key"]:
        raise ValueError(f"the connection {connection.conn_id!r} has no API key (its password)")
    return terms


def _switch(extra: Mapping[str, Any], name: str, *, unset: bool) -> bool:
    """A boolean; in a connection that was written as a URI it is text."""
    value = str(extra.get(name, unset)).lower()
    if value not in {"true", "false"}:
        raise ValueError(f"{name} is true or false, not {extra[name]!r}")
    return value == "true"


def _seconds(extra: Mapping[str, Any], name: str, *, unset: float) -> float:
    try:
        return float(extra.get(name, unset))
    except (TypeError, ValueError):
        raise ValueError(f"{name} is a number of seconds, not {extra[name]!r}") from None


def _pem(extra: Mapping[str, Any], name: str) -> str:
    """Line breaks are often lost on the way through an environment variable, as a literal backslash and n."""
    return str(extra.get(name, "")).replace("\\n", "\n")
