"""Which subscriptions an event is owed to, and in what bytes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from clockwire.model.delivery import ClaimedDelivery, Delivery
from clockwire.model.event import EventDraft, LogEntry
from clockwire.model.event_index import EventIndex
from clockwire.model.identifiers import ids_from
from clockwire.model.instants import Instant
from clockwire.model.payloads import render
from clockwire.model.states import State
from clockwire.model.subscription import Subscription
from clockwire.model.surroundings import Surroundings
from clockwire.operations.audience import Audience
from clockwire.operations.surroundings import Around
from clockwire.storage.deliveries import insert_deliveries
from clockwire.storage.subscriptions import select_planned
from clockwire.storage.transaction import Log, Transaction
from clockwire.v1.events_pb2 import Event


class Intake(Protocol):
    """Where fresh deliveries may go without waiting to be claimed: the dispatcher of this process."""

    lease: str

    def reserve(self, subscription: Subscription) -> bool:
        """Whether a place was found, and is kept, for one more delivery of this subscription."""

    def release(self, subscription_ids: Sequence[str]) -> None:
        """Gives back places that were reserved for deliveries which were not committed."""

    def accept(self, claimed: Sequence[ClaimedDelivery]) -> None:
        """Takes deliveries into the places that were reserved for them."""

    def subscriptions_changed(self, workspace_ids: Collection[str] | None) -> None:
        """Hears that what it knows of the subscriptions of these workspaces (None: of any) is old."""

    def wake(self) -> None:
        """Hears that there are deliveries to claim."""


class Fresh(NamedTuple):
    """An event with its place in the log, and all that is known of it while it is fresh."""

    workspace_id: str
    entry: LogEntry
    event: Event
    draft: EventDraft
    event_index: EventIndex

    def after(self) -> State | None:
        """The state after the change."""
        return self.draft.record

    def before(self) -> State | None:
        """The state before it."""
        return self.draft.before


#: The version of a workspace's subscriptions, and what they are.
Known = tuple[int, Audience]


@dataclass(slots=True)
class Plan:
    """The deliveries a group causes, and the bodies they send."""

    deliveries: list[Delivery] = field(default_factory=list)
    #: Those that the dispatcher of this process has a place for.
    claimed: list[ClaimedDelivery] = field(default_factory=list)
    #: Event, shape, workspace, time, body: as `event_body` keeps them.
    bodies: list[tuple[str, int, str, Instant, bytes]] = field(default_factory=list)
    #: Subscriptions read for this plan, to be trusted once it is committed.
    known: dict[str, Known] = field(default_factory=dict)
    #: What the deliveries are called.
    ids: Iterator[str] = field(default_factory=lambda: iter(()))


class Planner:
    """Knows the subscriptions of the workspaces that are written to, for as long as they do not change."""

    def __init__(self) -> None:
        """Every delivery waits to be claimed, by whatever process dispatches."""
        self._intake: Intake | None = None
        self._known: dict[str, Known] = {}
        self._reserved: list[str] = []

    def hand_to(self, intake: Intake) -> None:
        """From now on the dispatcher of this process gets what it has places for without claiming it."""
        self._intake = intake

    def plan(self, transaction: Transaction, fresh: Sequence[Fresh], logs: Mapping[str, Log]) -> Plan:
        """Stores a delivery for each event and each subscription that wants it; storing the bodies is left to do."""
        self._give_back()
        plan = Plan(ids=ids_from(transaction.now))
        arounds = {id_: Around(transaction.connection, log.workspace) for id_, log in logs.items()}
        for each in fresh:
            known = self._subscriptions(transaction, logs[each.workspace_id], plan)
            near = known.near(each.event_index)
            wanted = [one.subscription for one in near if one.matcher.wants(each.event_index, each.after, each.before)]
            if wanted:
                self._owe(each, wanted, transaction.now, plan, arounds[each.workspace_id])
        insert_deliveries(transaction.connection, plan.deliveries)
        return plan

    def committed(self, plan: Plan, changed: Collection[str]) -> None:
        """The plan holds: the dispatcher gets its share. *changed*: workspaces whose subscriptions were changed."""
        self._known.update(plan.known)
        self._reserved = []
        if self._intake is None:
            return
        if changed:
            self._intake.subscriptions_changed(changed)
        if plan.claimed:
            self._intake.accept(plan.claimed)
        if len(plan.claimed) < len(plan.deliveries):
            self._intake.wake()

    def _give_back(self) -> None:
        """Places reserved by a group that was not committed are free again."""
        if self._intake is not None and self._reserved:
            self._intake.release(self._reserved)
        self._reserved = []

    def _subscriptions(self, transaction: Transaction, log: Log, plan: Plan) -> Audience:
        workspace_id = log.workspace.id
        known = plan.known.get(workspace_id) or self._known.get(workspace_id)
        if known is None or known[0] != log.subscriptions_version:
            found = select_planned(transaction.connection, workspace_id)
            known = (log.subscriptions_version, Audience(found))
            plan.known[workspace_id] = known
        return known[1]

    def _owe(
        self, fresh: Fresh, wanted: Sequence[Subscription], now: Instant, plan: Plan, around: Surroundings
    ) -> None:
        bodies: dict[int, bytes] = {}
        for subscription in wanted:
            shape = subscription.shape
            if shape.code not in bodies:
                bodies[shape.code] = render(fresh.event, shape, around)
                plan.bodies.append((fresh.entry.id, shape.code, fresh.workspace_id, now, bodies[shape.code]))
            delivery = self._delivery(next(plan.ids), fresh, subscription, now)
            plan.deliveries.append(delivery)
            if delivery.lease:
                plan.claimed.append(ClaimedDelivery.of(delivery, subscription, bodies[shape.code]))

    def _delivery(self, delivery_id: str, fresh: Fresh, subscription: Subscription, now: Instant) -> Delivery:
        lease = ""
        if self._intake is not None and subscription.sends and self._intake.reserve(subscription):
            self._reserved.append(subscription.id)
            lease = self._intake.lease
        return Delivery.planned(delivery_id, subscription, fresh.event, now=now, lease=lease)
