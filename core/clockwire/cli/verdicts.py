"""What the two signatures of a webhook prove to somebody with these secrets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clockwire.model.instants import Instant
from clockwire.model.signing import (
    BODY_SIGNATURE,
    SIGNATURE,
    Secret,
    SignatureInvalid,
    verify_body,
    verify_standard,
)

VALID, ABSENT, UNCHECKED = "valid", "absent", "not checked: no secret was given"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A word for each: `valid`, `absent`, `not checked: ...` or `not valid: ...`."""

    standard: str
    body: str

    def named(self) -> Mapping[str, str]:
        """By the names of the headers."""
        return {SIGNATURE: self.standard, BODY_SIGNATURE: self.body}

    @property
    def believed(self) -> bool:
        """Whether a careful receiver takes it: Standard Webhooks counts where it is there, as for `verify`.

        While a secret is rotated, who knows the new one alone sees the other signature fail.
        """
        return (self.body if self.standard == ABSENT else self.standard) == VALID


def verdicts_of(headers: Mapping[str, str], body: bytes, *, valid: Sequence[Secret], now: Instant) -> Verdicts:
    """What both signatures are worth at this moment."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return Verdicts(standard=_standard(lowered, body, valid, now), body=_of_body(lowered, body, valid))


def _standard(headers: Mapping[str, str], body: bytes, valid: Sequence[Secret], now: Instant) -> str:
    if SIGNATURE not in headers:
        return ABSENT
    if not valid:
        return UNCHECKED
    try:
        verify_standard(headers, body, valid=valid, now=now)
    except SignatureInvalid as problem:
        return f"not valid: {problem}"
    return VALID


def _of_body(headers: Mapping[str, str], body: bytes, valid: Sequence[Secret]) -> str:
    signature = headers.get(BODY_SIGNATURE.lower())
    if signature is None:
        return ABSENT
    if not valid:
        return UNCHECKED
    try:
        verify_body(signature, body, valid=valid)
    except SignatureInvalid as problem:
        return f"not valid: {problem}"
    return VALID
