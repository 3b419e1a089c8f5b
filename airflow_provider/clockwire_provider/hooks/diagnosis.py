"""Whether a server can be worked with, and if not, why, in words for the person who filled in the form."""

import socket
import ssl
from typing import TYPE_CHECKING

from clockwire.client import Client
from clockwire.client.errors import (
    ClockwireError,
    DeadlineExceeded,
    Forbidden,
    Unauthenticated,
    Unavailable,
    WorkspaceForbidden,
)
from clockwire.v1.account_service_pb2 import GetCallerRequest, GetCallerResponse
from clockwire.v1.api_key_service_pb2 import Scope

if TYPE_CHECKING:
    from clockwire.client.session import Session, Terms

PROBE_SECONDS = 0.5

# What the operators, sensors and drains need. A key for subscriptions alone is an odd one, but a useful one.
_USEFUL = {
    Scope.SCOPE_RECORDS_READ: "records.read",
    Scope.SCOPE_RECORDS_WRITE: "records.write",
    Scope.SCOPE_EVENTS_READ: "events.read",
    Scope.SCOPE_SUBSCRIPTIONS_READ: "subscriptions.read",
    Scope.SCOPE_SUBSCRIPTIONS_WRITE: "subscriptions.write",
}


def diagnose(target: str, terms: "Terms") -> tuple[bool, str]:
    """Whether the server answers this caller, and one sentence about it."""
    with Client(target, **terms) as client:
        try:
            caller = client.account.GetCaller(GetCallerRequest())
        except (Unavailable, DeadlineExceeded) as error:
            return False, _why_unreachable(client.session, error)
        except ClockwireError as error:
            return False, _why_refused(client.session, error)
    return _what_was_found(target, caller)


def _what_was_found(target: str, caller: GetCallerResponse) -> tuple[bool, str]:
    scopes = set(caller.api_key.scopes)
    if not caller.workspace.id:
        return False, "This is an operator key: name the workspace to work in under Workspace ID."
    where = f"workspace {caller.workspace.name!r} at {target} with the API key {caller.api_key.name!r}"
    if Scope.SCOPE_OPERATOR in scopes:
        return True, f"Connected to {where}, which may do everything."
    missing = [name for scope, name in _USEFUL.items() if scope not in scopes]
    if len(missing) == len(_USEFUL):
        return False, f"Reached {where}, but it has none of the scopes that are needed here: {', '.join(missing)}."
    return True, f"Connected to {where}" + (f"; it lacks {', '.join(missing)}." if missing else ".")


def _why_refused(session: "Session", error: ClockwireError) -> str:
    match error:
        case Unauthenticated():
            return "The server does not accept the API key: it is unknown, has expired or was revoked."
        case WorkspaceForbidden():
            return f"The API key does not belong to the workspace {session.workspace_id!r}; leave Workspace ID empty."
        case Forbidden():
            return f"The API key may not do this: {error}"
        case _:
            return f"{session.target} answered, but not as a Clockwire server should: {error}"


def _why_unreachable(session: "Session", error: ClockwireError) -> str:
    """What making the steps of connecting once by hand shows: gRPC says only that it could not connect."""
    host, _, port = session.target.rpartition(":")
    host = host.strip("[]")
    try:
        with socket.create_connection((host, int(port)), timeout=PROBE_SECONDS) as connection:
            return _why_no_session(session, connection, host) or f"{session.target} does not answer: {error}"
    except socket.gaierror:
        return f"The host name {host!r} is not known."
    except ConnectionRefusedError:
        return f"Nothing listens at {session.target}: the connection was refused."
    except TimeoutError:
        return f"{session.target} does not answer: no connection within {PROBE_SECONDS} s."
    except OSError as failure:
        return f"{session.target} cannot be reached: {failure.strerror or failure}."


def _why_no_session(session: "Session", connection: socket.socket, host: str) -> str:
    """What a TLS handshake by hand shows; nothing if it shows nothing wrong."""
    try:
        with _tls_context(session).wrap_socket(connection, server_hostname=host):
            pass
    except ssl.SSLCertVerificationError as failure:
        return f"The server's certificate is not trusted: {failure.verify_message}. Is the right CA certificate given?"
    except (ssl.SSLError, OSError):
        return "" if session.plaintext else f"{session.target} does not speak TLS: switch TLS off, or TLS on there."
    if session.plaintext:
        return f"{session.target} speaks TLS: switch TLS on."
    if not session.client_certificate_pem:
        return f"{session.target} ends the connection after the TLS handshake: it may want a client certificate."
    return ""


def _tls_context(session: "Session") -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=session.ca_pem or None)
    context.set_alpn_protocols(["h2"])
    if session.plaintext:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
