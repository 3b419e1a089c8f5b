"""Whom an event may matter to."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from clockwire.model.event_index import EventIndex
from clockwire.model.payloads import PayloadFormat, Shape
from clockwire.model.subscription import Subscription
from clockwire.operations.audience import Audience
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.events_pb2 import EventFilter

IDS = [f"018d0c5b-3a00-7000-8000-00000000000{number}" for number in range(6)]
BLANK = Subscription.blank("", Shape(payload_format=PayloadFormat.FLAT, decimals_as_strings=False), 0)

some_ids = st.lists(st.sampled_from(IDS), max_size=2, unique=True)
filters = st.builds(EventFilter, record_ids=some_ids, project_ids=some_ids, client_ids=some_ids, user_ids=some_ids)
indexes = st.builds(
    EventIndex,
    type=st.just("timelog.created"),
    record_type=st.just(RecordType.RECORD_TYPE_TIME_LOG),
    record_id=st.sampled_from(IDS),
    project_ids=some_ids.map(frozenset),
    client_ids=some_ids.map(frozenset),
    user_ids=some_ids.map(frozenset),
)


def subscriptions_of(chosen):
    return [replace(BLANK, id=str(number), filter=each) for number, each in enumerate(chosen)]


def wanting(listeners, index):
    return [each.subscription.id for each in listeners if each.matcher.wants(index, lambda: None, lambda: None)]


@given(st.lists(filters, max_size=12), indexes)
def test_nobody_who_wants_an_event_is_left_out_and_the_order_is_kept(chosen, index):
    subscriptions = subscriptions_of(chosen)
    each_alone = [wanting(Audience([one]).near(index), index) for one in subscriptions]
    everybody = [one.id for one in subscriptions if _wants(one, index)]

    assert wanting(Audience(subscriptions).near(index), index) == everybody
    assert [id_ for ids in each_alone for id_ in ids] == everybody


def test_those_who_named_something_else_are_not_asked():
    audience = Audience(subscriptions_of([EventFilter(project_ids=[id_]) for id_ in IDS]))
    index = EventIndex(
        type="timelog.created",
        record_type=RecordType.RECORD_TYPE_TIME_LOG,
        record_id=IDS[0],
        project_ids=frozenset([IDS[3]]),
    )

    assert [each.subscription.id for each in audience.near(index)] == ["0", "3"]


def _wants(subscription, index):
    """The rule itself: for each list that a filter has, one of its ids."""
    wanted = subscription.filter
    pairs = [
        (wanted.record_ids, {index.record_id}),
        (wanted.project_ids, index.project_ids),
        (wanted.client_ids, index.client_ids),
        (wanted.user_ids, index.user_ids),
    ]
    return all(not listed or set(listed) & set(present) for listed, present in pairs)
