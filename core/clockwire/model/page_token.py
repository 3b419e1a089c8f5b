"""What a page token is: a place in one list, for a while.

It is opaque, not signed, and carries no right: whoever made one up would get a page of a list that he may read anyway.
The digest in it binds it to its request and shows damage.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from google.protobuf.message import Message

from clockwire.model.errors import PageTokenInvalid
from clockwire.model.instants import DAY, Instant

Scalar = str | int | bool | None

_VALID_FOR = 3 * DAY
_DIGEST_SIZE = 16
_PAGING_FIELDS = ("page_size", "page_token")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageToken:
    """After these values of the last row of a page comes the next page."""

    position: tuple[Scalar, ...]
    #: The head of the event log when the first page was read; empty for lists that have none.
    cursor: str = ""
    #: When the token was made.
    issue_time: Instant

    def encode(self, *, request_digest: bytes) -> str:
        """The token as URL-safe text."""
        content = json.dumps([self.position, self.cursor, self.issue_time], separators=(",", ":")).encode()
        return urlsafe_b64encode(_seal(content, request_digest) + content).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, *, request_digest: bytes, now: Instant) -> "PageToken":
        """The token that *text* is. Raises PageTokenInvalid if it is damaged, too old or of another request."""
        packed = _unpacked(text)
        seal, content = packed[:_DIGEST_SIZE], packed[_DIGEST_SIZE:]
        if seal != _seal(content, request_digest):
            raise PageTokenInvalid("is damaged or belongs to another request")
        token = _read(content)
        if now - token.issue_time > _VALID_FOR:
            raise PageTokenInvalid("is older than 3 days")
        return token


def request_digest(request: Message, *, workspace_id: str) -> bytes:
    """What a list request asks for, whichever page it asks for: page_size and page_token do not count."""
    asked = type(request)()
    asked.CopyFrom(request)
    for name in _PAGING_FIELDS:
        asked.ClearField(name)
    name = request.DESCRIPTOR.full_name
    return sha256(f"{name}\n{workspace_id}\n".encode() + asked.SerializeToString(deterministic=True)).digest()


def _seal(content: bytes, digest: bytes) -> bytes:
    return sha256(digest + content).digest()[:_DIGEST_SIZE]


def _unpacked(text: str) -> bytes:
    try:
        packed = urlsafe_b64decode(text.encode("ascii") + b"==")
    except (binascii.Error, UnicodeEncodeError) as error:
        raise PageTokenInvalid("is malformed") from error
    if urlsafe_b64encode(packed).rstrip(b"=").decode() != text:
        raise PageTokenInvalid("is malformed")
    return packed


def _read(content: bytes) -> PageToken:
    """The token in a sealed content; made up ones, whose seal is right, may still hold anything."""
    try:
        match json.loads(content):
            case [list(position), str(cursor), int(issue_time)] if _are_scalars(position):
                return PageToken(position=tuple(position), cursor=cursor, issue_time=issue_time)
    except (ValueError, RecursionError) as error:
        raise PageTokenInvalid("is malformed") from error
    raise PageTokenInvalid("is malformed")


def _are_scalars(values: Sequence[object]) -> bool:
    return all(value is None or isinstance(value, str | int) for value in values)
