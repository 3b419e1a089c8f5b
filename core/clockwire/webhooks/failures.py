"""What kept a request from getting its whole response: libcurl's error numbers, in our terms and in words."""

from dataclasses import dataclass

import pycurl

from clockwire.model.outcome import LONGEST_ERROR, OutcomeKind

_TLS_ERRORS = frozenset(
    {
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_CRL_BADFILE,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_USE_SSL_FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What kind of failure, and a sentence about it."""

    kind: OutcomeKind
    sentence: str


def failure_of(error: int, message: str, curl: pycurl.Curl) -> Failure:
    """The failure that a transfer ended with."""
    phase = _phase_of(curl)
    if error == pycurl.E_OPERATION_TIMEDOUT:
        milliseconds = curl.getinfo(pycurl.TOTAL_TIME_T) // 1000
        return Failure(OutcomeKind.TIMEOUT, f"the time was over after {milliseconds} ms, while {phase}")
    kind = OutcomeKind.TLS_ERROR if error in _TLS_ERRORS else OutcomeKind.CONNECTION_ERROR
    return Failure(kind, f"failed while {phase}: {message}"[:LONGEST_ERROR])


def _phase_of(curl: pycurl.Curl) -> str:
    """How far the transfer came."""
    if curl.getinfo(pycurl.RESPONSE_CODE):
        return "reading the response"
    if curl.getinfo(pycurl.REQUEST_SIZE):
        return "waiting for the response"
    return "making the TLS connection" if curl.getinfo(pycurl.CONNECT_TIME_T) else "connecting"
