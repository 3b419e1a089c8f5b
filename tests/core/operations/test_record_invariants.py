"""What holds after any sequence of changes, however wild: sums, stock, invoices, references and unique values agree."""

from collections import Counter
from datetime import date
from decimal import Decimal as Number

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clockwire.model.errors import ClockwireError
from clockwire.model.mutations import Creation, Deletion, Revision
from clockwire.model.names import words_of
from clockwire.model.record_fields import of_duration
from clockwire.model.record_types import RECORD_TYPES
from clockwire.model.references import references_of
from clockwire.model.unique_values import unique_values
from clockwire.operations.records import batch_mutate, create_record
from clockwire.storage.tables import record, record_key, record_reference
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import EXPENSE_KIND_MATERIAL, INVOICE_STATUS_VOID, Record, RecordKey
from tests.support.any_records import IDS, TYPES, records
from tests.support.bookkeeping import Bookkeeper, record_of
from tests.support.clock import MovableClock
from tests.support.writing import make_workspace, working

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
MUTATIONS = st.one_of(
    *[LIKELY.map(lambda sent: Revision(record=sent, allow_missing=True))] * 6,
    WILD.map(lambda sent: Revision(record=sent, allow_missing=True)),
    LIKELY.map(Creation),
    st.builds(
        lambda sent, force: Deletion(key=RecordKey(id=sent.id), force=force, allow_missing=True), LIKELY, st.booleans()
    ),
)
BATCHES = st.lists(st.lists(MUTATIONS, min_size=1, max_size=3), min_size=8, max_size=30)

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


@pytest.mark.timeout(180)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
async def test_whatever_is_done_the_books_agree(database, batches):
    clock = MovableClock()
    async with working(database, clock) as work:
        books = Bookkeeper(work, make_workspace(database, clock))
        for each in BEGINNING:
            await books.run(lambda transaction, each=each: create_record(transaction, each))
        for batch in batches:
            clock.now += 1_000_000
            try:
                await books.run(lambda transaction, batch=batch: batch_mutate(transaction, batch))
            except ClockwireError:
                continue
        check(await stored(books, record), await stored(books, record_reference), await stored(books, record_key))
        await check_log(books)


async def stored(books, table):
    query = table.select().where(table.c.workspace_id == books.caller.workspace_id)
    return await books.work.database.read(lambda connection: connection.execute(query).all())


def check(rows, references, keys):
    """The rows agree with one another."""
    all_ = {row.id: Record.FromString(row.message) for row in rows}
    assert all((row.version, row.type) == (all_[row.id].version, all_[row.id].type) for row in rows)
    assert sorted((each.target_id, each.field, each.source_id) for each in references) == sorted(
        {(id_, field.path, one.id) for one in all_.values() for field, id_ in references_of(one)}
        | {(key, field, one.id) for one in all_.values() for field, key in words_of(one)}
    )
    assert all(all_[id_].type == field.type for one in all_.values() for field, id_ in references_of(one))
    assert sorted((each.type, each.field, each.value, each.record_id) for each in keys) == sorted(
        (*value, one.id) for one in all_.values() for value, _, _ in unique_values(one)
    )
    check_tasks(all_)
    check_invoices(all_)


def check_tasks(all_):
    logs = [one.time_log for one in all_.values() if one.HasField("time_log")]
    for one in all_.values():
        if not one.HasField("task"):
            continue
        own = [log for log in logs if log.task_id == one.id]
        counted = [number(log.client_cost) for log in own if log.currency == one.task.currency]
        assert of_duration(one.task.actual_time) == sum(of_duration(log.duration) for log in own)
        assert number(one.task.actual_cost) == sum(counted)
        assert all(log.project_id == one.task.project_id for log in own)


def check_invoices(all_):
    billed: dict[str, str] = {}
    for one in all_.values():
        if not one.HasField("invoice"):
            continue
        bill = one.invoice
        lines = {id_: all_[id_].time_log for id_ in bill.time_log_ids}
        lines |= {id_: all_[id_].expense for id_ in bill.expense_ids}
        billed |= dict.fromkeys(lines, one.id)
        assert bill.status != INVOICE_STATUS_VOID or not lines
        if lines:
            assert number(bill.subtotal) == sum(cost_of(line) for line in lines.values())
        if bill.HasField("subtotal"):
            assert number(bill.total) == number(bill.subtotal) + number(bill.tax)
            assert number(bill.balance_due) == number(bill.total) - number(bill.amount_paid)
            assert bill.paid_in_full == (number(bill.balance_due) <= 0)
    lines = {one.id: one.time_log.invoice_id or one.expense.invoice_id for one in all_.values()}
    assert {id_: invoice for id_, invoice in lines.items() if invoice} == billed


async def check_log(books):
    """Versions of a record follow one another, and what the log said last is what is stored."""
    versions: Counter[str] = Counter()
    last: dict[str, Event] = {}
    for event in await books.events():
        if event.type.endswith((".created", ".updated", ".deleted")):
            versions[event.record_id] += 1
            assert event.version == versions[event.record_id]
        last[event.record_id] = event
    rows = {row.id: row for row in await stored(books, record)}
    assert {id_ for id_, event in last.items() if event.HasField("record")} == rows.keys()
    assert all(row.version == last[id_].version for id_, row in rows.items())


def cost_of(line):
    if hasattr(line, "client_cost"):
        return number(line.client_cost)
    return Number(0) if line.HasField("billable") and not line.billable else number(line.amount)


def number(decimal):
    return Number(decimal.value or 0)
