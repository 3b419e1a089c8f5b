"""What goes out and what comes back in one POST: a libcurl handle, set up once and used for request after request."""

import hashlib
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

import certifi
import pycurl

from clockwire.model.instants import Instant
from clockwire.model.outcome import Outcome, OutcomeKind, kind_of_status
from clockwire.model.retry import parse_retry_after
from clockwire.model.target import Address, Target
from clockwire.webhooks.failures import Failure, failure_of
from clockwire.webhooks.responses import decoded, headers_of

LARGEST_READ = 64 * 1024
"""A response body is read up to here; a longer one is ended by closing its connection."""
LARGEST_HEAD = 64 * 1024
"""The same for status line and headers, those of 1xx responses and trailers included."""

_IDLE_SECONDS = 60
_LIFETIME_SECONDS = 600
_ALWAYS = ["Expect:", "Accept-Encoding: identity"]  # the first keeps libcurl from asking for 100-continue


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """One POST to be made. Everything in it has been checked, and only its addresses are connected to."""

    target: Target
    addresses: tuple[Address, ...]
    headers: Sequence[tuple[str, str]]
    body: bytes
    timeout_ms: int
    """From the beginning of the connection to the end of the response."""
    ca_certificate_pem: str = ""
    """Trusted instead of the public authorities, if there is one."""


Done = Callable[[Outcome], None]


class Exchange:
    """One POST at a time over one libcurl handle."""

    request: SendRequest
    done: Done
    _opened: socket.socket

    def __init__(self) -> None:
        self.curl = pycurl.Curl()
        self._start_time: Instant = 0
        self._head: list[bytes] = []
        self._head_size = 0
        self._body: list[bytes] = []
        self._body_size = 0
        self._stop: Failure | None = None
        self._trusted = ""
        self._set_up()

    def begin(self, request: SendRequest, done: Done, *, now: Instant) -> None:
        """The handle is ready for *request* and holds nothing of the one before."""
        self.request, self.done, self._start_time = request, done, now
        self._head.clear()
        self._head_size = 0
        self._body.clear()
        self._body_size = 0
        self._stop = None
        connect_to, resolve = _pins(request.addresses, request.target.port)
        setopt = self.curl.setopt
        setopt(pycurl.URL, request.target.url)
        setopt(pycurl.CONNECT_TO, connect_to)
        if resolve:  # each time, for libcurl takes it in once and forgets it after a minute
            setopt(pycurl.RESOLVE, resolve)
        setopt(pycurl.HTTPHEADER, _header_lines(request.headers))
        setopt(pycurl.POSTFIELDS, request.body)
        setopt(pycurl.TIMEOUT_MS, max(request.timeout_ms, 1))
        if request.ca_certificate_pem != self._trusted:
            self._trust(request.ca_certificate_pem)

    def outcome(self, error: int, message: str) -> Outcome:
        """What came of it, once libcurl has ended with this error number (0: none)."""
        curl = self.curl
        failure = self._failure(error, message) if error else None
        http_status = curl.getinfo(pycurl.RESPONSE_CODE)
        if failure and http_status < 200:
            http_status = 0  # of a 1xx response: the real one never came
        kind = failure.kind if failure else kind_of_status(http_status)
        duration = curl.getinfo(pycurl.TOTAL_TIME_T)
        headers = headers_of(self._head)
        body, truncated = decoded(b"".join(self._body), headers.get("content-encoding"))
        retry_after = None
        if kind is not OutcomeKind.SUCCEEDED and "retry-after" in headers:
            retry_after = parse_retry_after(headers["retry-after"], self._start_time + duration)
        return Outcome(
            kind=kind,
            start_time=self._start_time,
            duration=duration,
            http_status=http_status,
            remote_ip=curl.getinfo(pycurl.PRIMARY_IP),
            response_headers=headers,
            response_body=body,
            truncated=truncated,
            error=failure.sentence if failure else _sentence(kind, http_status),
            retry_after=retry_after,
        )

    def close(self) -> None:
        """Gives the handle back to libcurl."""
        self.curl.close()

    def _failure(self, error: int, message: str) -> Failure | None:
        """Why there is no whole response; none if it was only too long."""
        if error == pycurl.E_WRITE_ERROR and self._body_size > LARGEST_READ:
            return None
        if self._head_size > LARGEST_HEAD:
            return Failure(OutcomeKind.CONNECTION_ERROR, f"the response headers exceed {LARGEST_HEAD} bytes")
        return self._stop or failure_of(error, message, self.curl)

    def _set_up(self) -> None:
        options: dict[int, Any] = {
            pycurl.POST: 1,
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
            pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
            pycurl.FOLLOWLOCATION: 0,
            pycurl.PATH_AS_IS: 1,
            pycurl.PROXY: "",  # none, whatever the environment says
            pycurl.NETRC: pycurl.NETRC_IGNORED,
            pycurl.NOSIGNAL: 1,
            pycurl.TCP_NODELAY: 1,
            pycurl.MAXAGE_CONN: _IDLE_SECONDS,
            pycurl.MAXLIFETIME_CONN: _LIFETIME_SECONDS,
            pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,  # or higher
            pycurl.SSL_VERIFYPEER: 1,
            pycurl.SSL_VERIFYHOST: 2,
            pycurl.CAINFO: _public_authorities(),
            pycurl.HEADERFUNCTION: self._on_head,
            pycurl.WRITEFUNCTION: self._on_body,
            pycurl.OPENSOCKETFUNCTION: self._on_connect,
            pycurl.SOCKOPTFUNCTION: self._on_opened,
        }
        for option, value in options.items():
            self.curl.setopt(option, value)
        self.curl.unsetopt(pycurl.CAPATH)  # it would be trusted beside a certificate of the subscription's own

    def _trust(self, pem: str) -> None:
        if pem:
            self.curl.setopt(pycurl.CAINFO_BLOB, pem.encode())
        else:
            self.curl.unsetopt(pycurl.CAINFO_BLOB)
        self._trusted = pem

    def _on_connect(self, _purpose: int, address: Any) -> socket.socket | int:  # noqa: ANN401 - a tuple made by pycurl
        """The last door: a connection to any address but those that were checked is not made."""
        if ip_address(address.addr[0]) not in self.request.addresses:
            sentence = f"{address.addr[0]} is not an address that was checked"
            self._stop = Failure(OutcomeKind.ADDRESS_REFUSED, sentence)
            return pycurl.SOCKET_BAD
        self._opened = socket.socket(address.family, address.socktype, address.protocol)
        return self._opened

    def _on_opened(self, _descriptor: int, _purpose: int) -> int:
        """By now libcurl has its own copy of the socket that was opened for it."""
        self._opened.close()
        return pycurl.SOCKOPT_OK

    def _on_head(self, line: bytes) -> int | None:
        self._head_size += len(line)
        self._head.append(line)
        return 0 if self._head_size > LARGEST_HEAD else None

    def _on_body(self, chunk: bytes) -> int | None:
        self._body_size += len(chunk)
        self._body.append(chunk)
        return 0 if self._body_size > LARGEST_READ else None


@lru_cache(maxsize=4096)
def _pins(addresses: tuple[Address, ...], port: int) -> tuple[list[str], list[str]]:
    """CONNECT_TO and RESOLVE that lead to these addresses and to nothing else, whatever the host's name.

    libcurl uses an open connection again only for the same host and the same CONNECT_TO, which names the addresses: so
    a connection that is used again leads to them as well. Several addresses hide behind a name made from them, for
    libcurl tries the next one if the first does not answer.
    """
    hosts = [f"[{each}]" if isinstance(each, IPv6Address) else str(each) for each in addresses]
    if len(hosts) == 1:
        return [f"::{hosts[0]}:{port}"], []
    name = hashlib.sha256(",".join(hosts).encode()).hexdigest()[:32] + ".pinned.invalid"
    return [f"::{name}:{port}"], [f"+{name}:{port}:{','.join(hosts)}"]


def _header_lines(headers: Sequence[tuple[str, str]]) -> list[str]:
    lines = _ALWAYS + [f"{name}: {value}" if value else f"{name};" for name, value in headers]
    together = "".join(lines)
    if "\n" in together or "\r" in together:
        raise ValueError("a header holds a line break")
    return lines


@cache
def _public_authorities() -> str:
    """The file of the authorities this machine trusts; certifi's where it has none."""
    return ssl.get_default_verify_paths().cafile or certifi.where()


def _sentence(kind: OutcomeKind, http_status: int) -> str:
    if kind is OutcomeKind.SUCCEEDED:
        return ""
    if kind is OutcomeKind.REDIRECT_REFUSED:
        return f"the endpoint answered with the redirect {http_status}, which is not followed"
    return f"the endpoint answered with status {http_status}"
