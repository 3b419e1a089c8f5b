"""What holds after any sequence of changes, however wild: sums, stock, invoices, references and unique values agree."""

from collections import Counter
from decimal import Decimal as Number

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clockwire.model.errors import ClockwireError
from clockwire.model.names import words_of
from clockwire.model.record_fields import of_duration
from clockwire.model.references import references_of
from clockwire.model.unique_values import unique_values
from clockwire.operations.records import batch_mutate, create_record
from clockwire.storage.tables import record, record_key, record_reference
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import INVOICE_STATUS_VOID, Record
from tests.support.bookkeeping import Bookkeeper
from tests.support.clock import MovableClock
from tests.support.wild_batches import BATCH, BEGINNING
from tests.support.writing import make_workspace, working

BATCHES = st.lists(BATCH, min_size=8, max_size=30)


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
