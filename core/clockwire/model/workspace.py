"""What a workspace is: the tenant, and the settings its records fall back on."""

from dataclasses import dataclass

from clockwire.model.instants import DAY, Instant

#: How long a workspace that was deleted can be brought back, and its data is kept.
KEPT_AFTER_DELETION = 7 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A tenant: records, events, subscriptions and keys never cross from one to another."""

    id: str
    name: str
    time_zone: str = "UTC"
    currency: str = "USD"
    #: How long events, deliveries and attempts are kept, in microseconds.
    event_retention: int = 30 * DAY
    #: How long bodies in attempts are kept, in microseconds; at most `event_retention`.
    body_retention: int = 30 * DAY
    version: int = 1
    create_time: Instant = 0
    update_time: Instant = 0
    #: When it was marked for deletion.
    delete_time: Instant | None = None
