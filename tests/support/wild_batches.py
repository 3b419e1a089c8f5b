"""Batches of changes as wild as anybody's, for a world that begins with a little of most things."""

from datetime import date

from hypothesis import strategies as st

from clockwire.model.mutations import Creation, Deletion, Revision
from clockwire.model.record_types import RECORD_TYPES
from clockwire.v1.records_pb2 import EXPENSE_KIND_MATERIAL, RecordKey
from tests.support.any_records import IDS, TYPES, records
from tests.support.bookkeeping import record_of

DAY = date(2025, 1, 15)
STATUSES = st.integers(0, 4)


def ids(token):
    type_ = next(info.type for info in RECORD_TYPES.values() if info.token == token)
    return st.sampled_from(IDS[type_][:2])


def bodies(token, needed, **optional):
    """Records of a type with the fields that are needed and some others."""
    fields = st.fixed_dictionaries({"id": ids(token), **needed}, optional=optional)
    return fields.map(lambda given: record_of(token, **given))


SMALL = st.sampled_from(["0", "1", "2.5", "0.333333", "1000"])
CURRENCY = st.sampled_from(["USD", "EUR"])
WORK = {"user_id": ids("user"), "date": st.just(DAY), "duration": st.integers(1, 25)}
SPENT = {"user_id": ids("user"), "date": st.just(DAY), "kind": st.just(EXPENSE_KIND_MATERIAL)}
PLACES = {"project_id": ids("project"), "task_id": ids("task"), "subproject_id": ids("subproject")}
LINES = {
    "time_log_ids": st.lists(ids("timelog"), max_size=2, unique=True),
    "expense_ids": st.lists(ids("expense"), max_size=2, unique=True),
}
LIKELY = st.one_of(
    bodies("client", {"client_name": st.just("Acme")}, currency=CURRENCY),
    bodies("user", {"user_name": st.just("Ann")}, email=st.sampled_from(["a@x.org", "A@X.org"]), active=st.booleans()),
    bodies("project", {"project_name": st.just("P")}, client_id=ids("client"), status=STATUSES, billing_type=STATUSES),
    bodies(
        "task",
        {"task_name": st.just("T"), "project_id": ids("project")},
        subproject_id=ids("subproject"),
        status=st.integers(0, 3),
        currency=CURRENCY,
    ),
    bodies("subproject", {"subproject_name": st.just("S"), "project_id": ids("project")}, parent_id=ids("subproject")),
    bodies("timelog", WORK, **PLACES, client_rate=SMALL, currency=CURRENCY, approval_status=STATUSES),
    bodies("timelog", WORK, task_id=ids("task"), client_rate=SMALL, billable=st.booleans()),
    bodies("expense", SPENT, inventory_id=ids("inventory"), quantity=SMALL, unit_cost=SMALL, **PLACES),
    bodies("inventory", {"inventory_name": st.just("I")}, sku=st.sampled_from(["A", "B"])),
    bodies("invoice", {"client_id": ids("client")}, status=STATUSES, amount_paid=SMALL, tax_rate=SMALL, **LINES),
    bodies("invoice", {"client_id": ids("client")}, **LINES),
    bodies("billingrate", {}, user_id=ids("user"), project_id=ids("project"), client_rate=SMALL),
)
WILD = st.sampled_from(TYPES).flatmap(lambda type_: records(type_, own_id=IDS[type_][4]))
CHANGES = st.one_of(
    *[LIKELY.map(lambda sent: Revision(record=sent, allow_missing=True))] * 6,
    WILD.map(lambda sent: Revision(record=sent, allow_missing=True)),
    LIKELY.map(Creation),
)
DELETIONS = st.builds(
    lambda sent, force: Deletion(key=RecordKey(id=sent.id), force=force, allow_missing=True), LIKELY, st.booleans()
)
MUTATIONS = CHANGES | DELETIONS
BATCH = st.lists(MUTATIONS, min_size=1, max_size=3)

# The world begins with one of most things, so that much of what follows is allowed.
BEGINNING = [
    record_of("client", id=IDS[6][0], client_name="Acme"),
    record_of("user", id=IDS[7][0], user_name="Ann"),
    record_of("project", id=IDS[1][0], project_name="P", client_id=IDS[6][0]),
    record_of("project", id=IDS[1][1], project_name="Q"),
    record_of("task", id=IDS[2][0], task_name="T", project_id=IDS[1][0]),
    record_of("task", id=IDS[2][1], task_name="U", project_id=IDS[1][0]),
    record_of("inventory", id=IDS[8][0], inventory_name="I"),
    record_of("timelog", id=IDS[3][0], user_id=IDS[7][0], task_id=IDS[2][0], date=DAY, duration=1, client_rate="10"),
]
