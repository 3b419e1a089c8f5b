"""What a consumer is: a name, and how far it has come in the event log."""

import re
from dataclasses import dataclass

from clockwire.model.instants import Instant

NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Consumer:
    """A named place in a workspace's log; its fields in the order of the table. It holds no connection."""

    workspace_id: str
    name: str
    epoch: str
    #: It has seen everything up to and including this.
    sequence: int
    version: int
    description: str
    create_time: Instant
    commit_time: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerView:
    """A consumer, and what lies before it."""

    consumer: Consumer
    #: Events in the log after its place; all that are kept if it fell behind retention.
    backlog: int
    #: Commit time of the first of them.
    oldest_pending_time: Instant | None
    #: Whether events after its place were removed, or its place is of an earlier life of the log.
    expired: bool
