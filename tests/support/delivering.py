"""Makers of subscriptions and deliveries, and a dispatcher's work done by hand, step by step."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from clockwire.model.caller import Caller, system
from clockwire.model.delivery import Attempted, ClaimedDelivery, Delivery
from clockwire.model.identifiers import new_id
from clockwire.model.instants import MINUTE, SECOND, Instant
from clockwire.model.outcome import Outcome, OutcomeKind, kind_of_status
from clockwire.model.payloads import PayloadFormat
from clockwire.model.signing import Secret
from clockwire.model.subscription import StateReason, Subscription, SubscriptionState
from clockwire.model.subscription_settings import SubscriptionSettings, checked
from clockwire.operations.dispatch import Claims, Settlement, claim_due, settle_attempts
from clockwire.operations.subscriptions import create_subscription
from clockwire.storage.database import Database
from clockwire.storage.deliveries import find_delivery, insert_deliveries
from clockwire.storage.events import insert_bodies
from clockwire.storage.subscriptions import find_subscription
from clockwire.storage.transaction import Transaction
from clockwire.storage.workspaces import find_log
from clockwire.v1.events_pb2 import Event, EventFilter
from tests.support.clock import MovableClock
from tests.support.writing import VAULT

T = TypeVar("T")

SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
ALL = EventFilter(event_types=["*"])


def a_subscription(**changes: Any) -> Subscription:
    """An active subscription that is in no database."""
    values: dict[str, Any] = {
        "id": "s",
        "workspace_id": "w",
        "version": 1,
        "name": "billing",
        "description": "",
        "target_url": "https://example.com/hook",
        "filter": ALL,
        "payload_format": PayloadFormat.FLAT,
        "decimals_as_strings": False,
        "headers": None,
        "retry_delays": (SECOND, MINUTE),
        "retry_disabled": False,
        "request_timeout": 0,
        "max_in_flight": 0,
        "max_per_minute": 0,
        "ca_certificate_pem": "",
        "state": SubscriptionState.ACTIVE,
        "state_reason": StateReason.NONE,
        "state_time": 0,
        "secret": None,
        "secret_fingerprint": "",
        "retiring_secret": None,
        "rotation_end_time": None,
        "create_time": 0,
        "update_time": 0,
        "create_api_key_id": "",
    }
    return Subscription(**{**values, **changes})


def an_event(now: Instant, sequence: int = 1) -> Event:
    """An event as far as deliveries know of it."""
    return Event(id=new_id(now), type="project.created", sequence=sequence, version=1, record_id=new_id(now))


def an_outcome(status: int = 200, *, at: Instant = 0, **changes: Any) -> Outcome:
    """What an attempt met that got this status, or no response (0)."""
    kind = kind_of_status(status) if status else OutcomeKind.CONNECTION_ERROR
    return Outcome(**{"kind": kind, "start_time": at, "duration": 1000, "http_status": status, **changes})


class Desk:
    """One workspace of a database, and the operations of its callers and of a dispatcher, each committed at once."""

    def __init__(self, database: Database, clock: MovableClock, caller: Caller) -> None:
        self.database = database
        self.clock = clock
        self.caller = caller

    def run(self, operation: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Runs an operation of the workspace."""
        return self._run(self.caller, operation, *args, **kwargs)[0]

    def changed_subscriptions(self, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        """Whether an operation of the workspace says that it changed a subscription."""
        return self._run(self.caller, operation, *args, **kwargs)[1].subscriptions_changed

    def dispatch(self, operation: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Runs an operation of the dispatcher, which belongs to no workspace."""
        return self._run(system(""), operation, *args, **kwargs)[0]

    def subscribe(self, *, paused: bool = False, secret: Secret | None = None, **settings: Any) -> Subscription:
        """A new subscription to everything."""
        chosen = SubscriptionSettings(
            **{"filter": ALL, "target_url": "https://example.com/hook?key=hidden", **settings}
        )
        return self.run(create_subscription, checked(chosen), secret=secret, paused=paused, vault=VAULT)

    def owe(self, subscription: Subscription, *, lease: str = "", sequence: int = 1) -> Delivery:
        """The delivery of a new event to the subscription."""
        now = self.clock()
        event = an_event(now, sequence)
        delivery = Delivery.planned(new_id(now), self.subscription(subscription.id), event, now=now, lease=lease)
        with self.database.writing() as connection:
            insert_deliveries(connection, [delivery])
            insert_bodies(connection, [(event.id, delivery.shape, self.caller.workspace_id, now, b'{"body":1}')])
        return delivery

    def claim(self, *, lease: str = "lease", limit: int = 100, wants: Mapping[str, int] | None = None) -> Claims:
        """What is due, claimed."""
        return self.dispatch(claim_due, wants or {}, lease=lease, limit=limit)

    def claim_one(self, *, lease: str = "lease") -> ClaimedDelivery:
        """The one delivery that is due, claimed."""
        [claimed] = self.claim(lease=lease).deliveries
        return claimed

    def settle(self, claimed: ClaimedDelivery, status: int = 200, **outcome: Any) -> Settlement:
        """The attempt is logged: it got this status."""
        met = an_outcome(status, at=self.clock(), **outcome)
        return self.settle_all([Attempted(claimed=claimed, outcome=met, request_headers={"webhook-id": "1"})])

    def settle_all(self, attempted: Sequence[Attempted]) -> Settlement:
        """The attempts are logged."""
        return self.dispatch(settle_attempts, attempted, random=lambda: 0.5)

    def delivery(self, delivery_id: str) -> Delivery:
        """The delivery as it is stored."""
        with self.database.reading() as connection:
            found = find_delivery(connection, self.caller.workspace_id, delivery_id)
        assert found is not None
        return found

    def subscription(self, subscription_id: str) -> Subscription:
        """The subscription as it is stored."""
        with self.database.reading() as connection:
            found = find_subscription(connection, self.caller.workspace_id, subscription_id)
        assert found is not None
        return found

    def _run(self, caller: Caller, operation: Callable[..., T], *args: Any, **kwargs: Any) -> tuple[T, Transaction]:
        with self.database.writing() as connection:
            log = find_log(connection, caller.workspace_id) if caller.workspace_id else None
            transaction = Transaction(connection, self.clock(), caller, log)
            return operation(transaction, *args, **kwargs), transaction
