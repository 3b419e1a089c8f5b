"""Whatever happens in whatever order, no delivery is lost, sent too often, or settled by who does not hold it."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete

from clockwire.model.delivery import LEASE, ClaimedDelivery, Delivery, DeliveryState
from clockwire.model.errors import DeliveryState as DeliveryStateForbids
from clockwire.model.instants import MINUTE, SECOND
from clockwire.model.subscription import SubscriptionState
from clockwire.operations.deliveries import redeliver
from clockwire.operations.dispatch import release
from clockwire.operations.subscriptions import pause_subscription, resume_subscription
from clockwire.storage.attempts import select_attempts
from clockwire.storage.database import Database
from clockwire.storage.deliveries import DeliveryQuery, select_deliveries
from clockwire.storage.tables import delivery
from tests.support.clock import MovableClock
from tests.support.delivering import Desk
from tests.support.writing import make_workspace

DELAYS = (SECOND, MINUTE)
ENDED = {DeliveryState.SUCCEEDED, DeliveryState.EXHAUSTED, DeliveryState.CANCELLED}


class Life(RuleBasedStateMachine):
    """One subscription, its callers, and two dispatchers that may die or dawdle."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        with database.writing() as connection:
            connection.execute(delete(delivery))
        self.clock = MovableClock()
        self.desk = Desk(database, self.clock, make_workspace(database, self.clock))
        self.hook = self.desk.subscribe(retry_delays=DELAYS, max_in_flight=2)
        self.owed: list[str] = []
        self.held: list[ClaimedDelivery] = []
        self.begun: Counter[str] = Counter()

    @initialize()
    def begin(self) -> None:
        self.owe()

    @rule()
    def owe(self) -> None:
        self.owed.append(self.desk.owe(self.hook).id)

    @rule(lease=st.sampled_from(["one", "other"]))
    def claim(self, lease: str) -> None:
        for claimed in self.desk.claim(lease=lease).deliveries:
            assert not any(self.is_held(each) for each in self.held if each.delivery.id == claimed.delivery.id)
            self.held.append(claimed)
            self.begun[claimed.delivery.id] += 1

    @precondition(lambda self: self.held)
    @rule()
    def take_over(self) -> None:
        self.wait(LEASE)
        self.claim("other")

    @precondition(lambda self: self.held)
    @rule(data=st.data(), status=st.sampled_from([200, 404, 500, 0, 410]))
    def settle(self, data: st.DataObject, status: int) -> None:
        claimed = data.draw(st.sampled_from(self.held))
        before, was_held = self.stored(claimed), self.is_held(claimed)
        self.desk.settle(claimed, status)
        assert (self.stored(claimed) == before) is not was_held
        self.held.remove(claimed)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        claimed = data.draw(st.sampled_from(self.held))
        self.begun[claimed.delivery.id] -= self.is_held(claimed)
        self.desk.dispatch(release, [claimed])
        self.held.remove(claimed)

    @rule(length=st.sampled_from([SECOND, LEASE // 2, LEASE, 2 * MINUTE]))
    def wait(self, length: int) -> None:
        self.clock.forward(timedelta(microseconds=length))

    @rule()
    def pause(self) -> None:
        self.desk.run(pause_subscription, self.hook.id)

    @rule(cancel_held=st.booleans())
    def resume(self, cancel_held: bool) -> None:
        self.desk.run(resume_subscription, self.hook.id, cancel_held=cancel_held)

    @precondition(lambda self: self.owed)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        delivery_id = data.draw(st.sampled_from(self.owed))
        in_flight = self.desk.delivery(delivery_id).state is DeliveryState.IN_FLIGHT
        try:
            self.desk.run(redeliver, delivery_id)
        except DeliveryStateForbids:
            assert in_flight
        else:
            assert not in_flight

    @invariant()
    def every_delivery_can_still_go_on_or_has_ended(self) -> None:
        sends = self.desk.subscription(self.hook.id).sends
        for each in self.all_owed():
            match each.state:
                case DeliveryState.PENDING | DeliveryState.WAITING:
                    assert sends
                    assert (each.due_time, each.lease) == (each.due_time or 0, "")
                case DeliveryState.IN_FLIGHT:
                    assert each.due_time is not None
                    assert each.lease
                case DeliveryState.HELD:
                    assert not sends
                    assert each.due_time is None
                case ended:
                    assert ended in ENDED
                    assert each.due_time is None
            assert (each.end_time is not None) == (each.state in ENDED)

    @invariant()
    def every_attempt_is_logged_and_no_run_has_more_than_the_schedule(self) -> None:
        with self.desk.database.reading() as connection:
            for each in self.all_owed():
                logged = [attempt.number for attempt in select_attempts(connection, each.id)]
                assert logged == list(range(1, each.attempt_count + 1))
                assert each.attempt_count == self.begun[each.id] - (each.state is DeliveryState.IN_FLIGHT)
                assert each.attempt_count - each.earlier_attempt_count <= len(DELAYS) + 1

    def teardown(self) -> None:
        """Left to itself with an endpoint that works, everything ends."""
        self.desk.run(resume_subscription, self.hook.id, cancel_held=False)
        while not all(each.state in ENDED for each in self.all_owed()):
            self.clock.forward(timedelta(hours=1))
            claims = self.desk.claim(lease="last")  # of those it finds, some may have lost their last attempt
            assert claims.deliveries or claims.ended or all(each.state in ENDED for each in self.all_owed())
            for each in claims.deliveries:
                self.desk.settle(each, 200)
        assert self.desk.subscription(self.hook.id).state is SubscriptionState.ACTIVE

    def all_owed(self) -> list[Delivery]:
        with self.desk.database.reading() as connection:
            query = DeliveryQuery(subscription_id=self.hook.id)
            return select_deliveries(connection, self.desk.caller.workspace_id, query, after=None, limit=1000)

    def stored(self, claimed: ClaimedDelivery) -> Delivery:
        return self.desk.delivery(claimed.delivery.id)

    def is_held(self, claimed: ClaimedDelivery) -> bool:
        """Whether nobody has taken the lease over; who lost it may still settle until then."""
        stored = self.stored(claimed)
        same = (stored.lease, stored.attempt_count) == (claimed.delivery.lease, claimed.delivery.attempt_count)
        return same and stored.state is DeliveryState.IN_FLIGHT


@pytest.mark.timeout(180)
def test_no_delivery_is_lost_whatever_happens(database: Database):
    examples = 15 if database.dialect == "sqlite" else 8
    bounds: Any = settings(
        max_examples=examples,
        stateful_step_count=20,
        phases=[Phase.generate],  # shrinking what failed would take minutes
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: Life(database), settings=bounds)  # type: ignore[arg-type] # it may be a factory
