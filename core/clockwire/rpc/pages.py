"""Which page of a list a request asks for, and how the next one is asked for."""

from dataclasses import dataclass
from typing import Protocol

from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import Instant
from clockwire.model.page_token import PageToken, Scalar, request_digest

USUAL_PAGE = 100
LARGEST_PAGE = 1_000


class ListRequest(Protocol):
    """A request of the contract that asks for a page."""

    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The place and the size of a page."""

    size: int
    #: What the last row of the page before holds; empty for the first page.
    after: tuple[Scalar, ...]
    digest: bytes
    now: Instant

    def next_token(self, *position: Scalar) -> str:
        """The token for the page after the row with this position."""
        return PageToken(position=position, issue_time=self.now).encode(request_digest=self.digest)


def page_size(asked: int) -> int:
    """How many entries a page holds: 0 leaves it to us, too many are cut. FieldInvalid for a negative number."""
    if asked < 0:
        raise FieldInvalid.of("page_size", "must not be negative")
    return min(asked or USUAL_PAGE, LARGEST_PAGE)


def page_of(request: ListRequest, workspace_id: str, now: Instant) -> Page:
    """The page that the request asks for. PageTokenInvalid, or FieldInvalid for its size."""
    digest = request_digest(request, workspace_id=workspace_id)  # type: ignore[arg-type] # it is a message too
    size = page_size(request.page_size)
    token = request.page_token
    after = PageToken.decode(token, request_digest=digest, now=now).position if token else ()
    return Page(size=size, after=after, digest=digest, now=now)
