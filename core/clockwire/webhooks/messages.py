"""What a server and the process that sends its webhooks tell each other."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from clockwire.model.delivery import ClaimedDelivery
from clockwire.model.outcome import Outcome
from clockwire.operations.dispatch import Settled
from clockwire.settings import Settings
from clockwire.storage.transaction import Transaction
from clockwire.storage.writer import Written


class Begin(NamedTuple):
    """The first thing that is said: what to work with, and under which lease."""

    settings: Settings
    lease: str


class Ready(NamedTuple):
    """The process sends."""


class Deliver(NamedTuple):
    """Fresh deliveries, committed and leased to the process."""

    claimed: Sequence[ClaimedDelivery]


class Wake(NamedTuple):
    """There are deliveries to claim."""

    number: int
    #: Whose deliveries were not handed over.
    subscription_ids: Collection[str]


class Changed(NamedTuple):
    """Subscriptions of these workspaces were changed; None: of any."""

    number: int
    workspace_ids: Collection[str] | None


class Acknowledged(NamedTuple):
    """From now on no attempt begins with what was changed as it was before."""

    number: int


class Test(NamedTuple):
    """A test to be made."""

    number: int
    claimed: ClaimedDelivery


class Tested(NamedTuple):
    """What came of a test."""

    number: int
    outcome: Outcome
    request_headers: Mapping[str, str]


class Report(NamedTuple):
    """What was written down, and what may come."""

    #: Ids of deliveries that ended.
    ended: Sequence[str]
    #: The last wake-up that was heard.
    heard: int
    #: How many deliveries of a subscription may have been handed over from the beginning.
    limits: Mapping[str, int]
    attempts: Sequence[Settled]
    #: How long ago the dispatcher last got on.
    stalled_seconds: float


class Do(NamedTuple):
    """Something to be written down."""

    number: int
    operation: Callable[[Transaction], Any]
    workspace_id: str


class Done(NamedTuple):
    """What was written, or why it was not."""

    number: int
    answer: Written[Any] | Exception


class Stop(NamedTuple):
    """Begin nothing more, and end."""

    grace_seconds: float
