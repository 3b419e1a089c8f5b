"""What is promised of invoices and expenses: what they sum up, what they lock, and the stock they use."""

from datetime import date
from typing import Any

import pytest

from clockwire.model.errors import FieldInvalid, HierarchyInvalid, RecordLocked
from clockwire.v1.records_pb2 import (
    EXPENSE_KIND_MATERIAL,
    EXPENSE_KIND_OUT_OF_POCKET,
    INVOICE_STATUS_DRAFT,
    INVOICE_STATUS_PAID,
    INVOICE_STATUS_SENT,
    INVOICE_STATUS_VOID,
)
from tests.support.bookkeeping import hours

DAY = date(2025, 1, 15)


@pytest.fixture
async def client(books):
    return await books.create("client", client_name="Acme")


@pytest.fixture
async def shop(books, client):
    return await books.create("project", project_name="Shop", client_id=client.id)


@pytest.fixture
async def ann(books):
    return await books.create("user", user_name="Ann")


@pytest.fixture
async def log(books, ann, shop):
    times = {"date": DAY, "duration": 2}
    return await books.create("timelog", user_id=ann.id, project_id=shop.id, client_rate="50.25", **times)


@pytest.fixture
async def taxi(books, ann, shop):
    return await books.create("expense", user_id=ann.id, project_id=shop.id, date=DAY, amount="20")


@pytest.fixture
async def invoice(books, client, log, taxi):
    lines = {"time_log_ids": [log.id], "expense_ids": [taxi.id]}
    return await books.create("invoice", client_id=client.id, tax_rate="19", **lines)


async def test_an_invoice_sums_up_its_lines_with_tax(books, invoice):
    bill = invoice.invoice

    assert (bill.subtotal.value, bill.tax.value, bill.total.value) == ("120.50", "22.90", "143.40")
    assert (bill.balance_due.value, bill.paid_in_full, bill.status) == ("143.40", False, INVOICE_STATUS_DRAFT)
    assert hours(bill.total_time) == 2
    assert bill.currency == "USD"


async def test_tax_is_rounded_half_even(books, client):
    made = await books.create("invoice", client_id=client.id, subtotal="0.50", tax_rate="5")

    assert (made.invoice.tax.value, made.invoice.total.value) == ("0.02", "0.52")


async def test_lines_know_their_invoice_and_events_say_so(books, log, taxi, invoice):
    assert (await books.read(log)).time_log.invoice_id == invoice.id
    assert (await books.read(taxi)).expense.invoice_id == invoice.id
    assert sorted((await books.types())[-3:]) == ["expense.updated", "invoice.created", "timelog.updated"]

    changed = await books.update(invoice, time_log_ids=[])

    assert (await books.read(log)).time_log.invoice_id == ""
    assert (changed.invoice.subtotal.value, hours(changed.invoice.total_time)) == ("20.00", 0)


async def test_a_line_is_billed_once(books, client, log, invoice):
    with pytest.raises(RecordLocked):
        await books.create("invoice", client_id=client.id, time_log_ids=[log.id])


async def test_what_is_billed_keeps_its_amounts(books, log, taxi, invoice):
    with pytest.raises(RecordLocked):
        await books.update(log, duration=3)
    with pytest.raises(RecordLocked):
        await books.update(taxi, amount="30")
    assert (await books.update(taxi, reimbursed=True)).expense.reimbursed


async def test_lines_are_of_the_invoices_client_and_currency(books, client, log):
    other = await books.create("client", client_name="Other")

    with pytest.raises(FieldInvalid, match="another client"):
        await books.create("invoice", client_id=other.id, time_log_ids=[log.id])
    with pytest.raises(FieldInvalid, match="EUR"):
        await books.create("invoice", client_id=client.id, currency="EUR", time_log_ids=[log.id])


async def test_a_sent_invoice_keeps_what_it_said(books, invoice):
    sent = await books.update(invoice, status=INVOICE_STATUS_SENT)

    assert sent.invoice.HasField("send_time")
    changes: list[dict[str, Any]] = [
        {"time_log_ids": []},
        {"currency": "EUR"},
        {"tax_rate": "0"},
        {"status": INVOICE_STATUS_DRAFT},
    ]
    for change in changes:
        with pytest.raises(RecordLocked):
            await books.update(sent, **change)
    assert (await books.update(sent, note="Thanks")).version == 3


async def test_an_invoice_is_paid_when_nothing_is_due(books, invoice):
    sent = await books.update(invoice, status=INVOICE_STATUS_SENT)
    with pytest.raises(FieldInvalid, match="PAID"):
        await books.update(sent, status=INVOICE_STATUS_PAID)
    paid = await books.update(sent, amount_paid="143.40")

    assert (paid.invoice.status, paid.invoice.paid_in_full) == (INVOICE_STATUS_PAID, True)
    assert paid.invoice.balance_due.value == "0.00"
    assert paid.invoice.HasField("pay_time")

    back = await books.update(paid, amount_paid="100")
    assert (back.invoice.status, back.invoice.HasField("pay_time")) == (INVOICE_STATUS_SENT, False)


async def test_a_void_invoice_frees_its_lines_and_stays_void(books, client, log, invoice):
    await books.update(invoice, status=INVOICE_STATUS_SENT)
    void = await books.update(invoice, status=INVOICE_STATUS_VOID)

    assert (void.invoice.total.value, list(void.invoice.time_log_ids)) == ("143.40", [])
    assert (await books.read(log)).time_log.invoice_id == ""
    assert await books.create("invoice", client_id=client.id, time_log_ids=[log.id])
    with pytest.raises(RecordLocked):
        await books.update(void, status=INVOICE_STATUS_DRAFT)


async def test_a_sent_invoice_holds_itself_and_its_lines(books, client, log, invoice):
    await books.update(invoice, status=INVOICE_STATUS_SENT)

    for each in (log, invoice, client):
        with pytest.raises(RecordLocked):
            await books.delete(each, force=True)


async def test_an_invoice_that_was_not_sent_lets_go_of_its_lines(books, log, taxi, invoice):
    await books.delete(log, force=True)
    assert (await books.read(invoice)).invoice.subtotal.value == "20.00"

    assert await books.delete(invoice) == 1
    assert (await books.read(taxi)).expense.invoice_id == ""


async def test_an_expense_follows_its_task_and_multiplies(books, ann, shop):
    task = await books.create("task", task_name="Paint", project_id=shop.id)
    made = (
        await books.create("expense", user_id=ann.id, task_id=task.id, date=DAY, quantity="3", unit_cost="0.335")
    ).expense
    other = await books.create("project", project_name="Other")

    assert (made.project_id, made.client_id, made.currency) == (shop.id, shop.project.client_id, "USD")
    assert (made.amount.value, made.kind) == ("1.00", EXPENSE_KIND_OUT_OF_POCKET)
    with pytest.raises(HierarchyInvalid):
        await books.create("expense", user_id=ann.id, task_id=task.id, project_id=other.id, date=DAY)


async def test_material_is_taken_from_stock_and_given_back(books, ann):
    bolt = await books.create("inventory", inventory_name="Bolt", quantity_in_stock="10")
    nut = await books.create("inventory", inventory_name="Nut")

    async def stock():
        return [(await books.read(each)).inventory_item.quantity_in_stock.value for each in (bolt, nut)]

    material = {"user_id": ann.id, "date": DAY, "kind": EXPENSE_KIND_MATERIAL}
    used = await books.create("expense", inventory_id=bolt.id, quantity="2.5", **material)
    assert (await books.types())[-2:] == ["expense.created", "inventory.updated"]
    assert await stock() == ["7.5", ""]
    await books.update(used, quantity="4")
    assert await stock() == ["6", ""]
    await books.update(used, inventory_id=nut.id)
    assert await stock() == ["10", "-4"]
    await books.update(used, description="no other stock")
    await books.delete(used)
    assert await stock() == ["10", "0"]
    await books.create("expense", user_id=ann.id, date=DAY, inventory_id=bolt.id, quantity="1")
    assert await stock() == ["10", "0"]
