"""What an invoice must be, what it sums up, and when it may change no more."""

from collections.abc import Iterator
from decimal import Decimal as Number

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.decimal_pb2 import Decimal

from clockwire.model.errors import RecordLocked
from clockwire.model.instants import to_timestamp
from clockwire.model.money import ZERO, decimal, number, product, rounded, total
from clockwire.model.record_fields import of_duration
from clockwire.model.rules.change import Change, Step, compute, derive, in_order
from clockwire.model.rules.places import check_subproject, currency_of_client
from clockwire.model.rules.projects import to_duration
from clockwire.v1.records_pb2 import (
    INVOICE_STATUS_DRAFT,
    INVOICE_STATUS_PAID,
    INVOICE_STATUS_SENT,
    INVOICE_STATUS_VOID,
    Expense,
    Invoice,
    InvoiceStatus,
    TimeLog,
)

Bill = Change[Invoice]

LINE_FIELDS = ("time_log_ids", "expense_ids")
SENT = (INVOICE_STATUS_SENT, INVOICE_STATUS_PAID)
# What a client was told and may rely on.
_FIXED_ONCE_SENT = ("client_id", "project_id", "subproject_id", "currency", "subtotal", "tax_rate", *LINE_FIELDS)
_PERCENT = Number("0.01")


def lines_of(invoice: Invoice | None) -> set[str]:
    """The ids of the time logs and expenses that the invoice bills."""
    return {*invoice.time_log_ids, *invoice.expense_ids} if invoice is not None else set()


def _check_sent(change: Bill) -> None:
    """A sent invoice keeps what it says and can't be a draft again; a void one is over."""
    before, status = change.before, change.body.status
    if before is None:
        return
    if before.status == INVOICE_STATUS_VOID and change.changes("status", *_FIXED_ONCE_SENT):
        raise RecordLocked("invoice", change.id, "it is void")
    if before.status not in SENT:
        return
    if status not in (*SENT, INVOICE_STATUS_VOID):
        raise RecordLocked("invoice", change.id, "it was sent; make it void and write a new one")
    for field in _FIXED_ONCE_SENT:
        if change.changes(field):
            raise RecordLocked("invoice", change.id, f"it was sent, and {field} may not change")


def _draft(_change: Bill) -> InvoiceStatus.ValueType:
    return INVOICE_STATUS_DRAFT


def _check_lines(change: Bill) -> None:
    """The lines are of this client and currency, named once, and on no other invoice."""
    if not change.changes("client_id", "currency", *LINE_FIELDS):
        return
    for field in LINE_FIELDS:
        ids = getattr(change.body, field)
        if len(set(ids)) < len(ids):
            raise change.refuse(field, "names a line twice")
    for field, id_, line in _lines(change):
        if line.invoice_id not in ("", change.id):
            noun = "time_log" if isinstance(line, TimeLog) else "expense"
            raise RecordLocked(noun, id_, f"it is billed by invoice {line.invoice_id}")
        if line.client_id not in ("", change.body.client_id):
            raise change.refuse(field, f"{id_} is for another client")
        if line.currency != change.body.currency:
            raise change.refuse(field, f"{id_} is in {line.currency}, the invoice in {change.body.currency}")


def _free_lines(change: Bill) -> None:
    """A void invoice bills nothing any more; what it said it came to stays."""
    if change.body.status == INVOICE_STATUS_VOID:
        del change.body.time_log_ids[:]
        del change.body.expense_ids[:]


def _subtotal(change: Bill) -> Decimal | None:
    """The sum of the lines; without lines what was sent, or nothing if the last line was taken away."""
    invoice, before = change.body, change.before
    if invoice.status == INVOICE_STATUS_VOID:
        return invoice.subtotal if invoice.HasField("subtotal") else None
    if lines_of(invoice):
        total_cost = rounded(ZERO, invoice.currency)
        for _, _, line in _lines(change):
            total_cost = total(total_cost, number(_billed(line)))
        return decimal(total_cost, change.path("subtotal"))
    if lines_of(before) and "subtotal" not in change.sent:
        return None
    return invoice.subtotal if invoice.HasField("subtotal") else None


def _billed(line: TimeLog | Expense) -> Decimal:
    if isinstance(line, TimeLog):
        cost: Decimal = line.client_cost
        return cost
    amount: Decimal = line.amount
    return Decimal() if line.HasField("billable") and not line.billable else amount


def _total_time(change: Bill) -> Duration | None:
    if change.body.status == INVOICE_STATUS_VOID:
        return change.before.total_time if change.before and change.before.HasField("total_time") else None
    return to_duration(sum(of_duration(line.duration) for _, _, line in _lines(change) if isinstance(line, TimeLog)))


def _tax(change: Bill) -> Decimal | None:
    invoice = change.body
    if not invoice.HasField("subtotal"):
        return None
    exact = product(product(number(invoice.subtotal), number(invoice.tax_rate)), _PERCENT)
    return decimal(rounded(exact, invoice.currency), change.path("tax"))


def _total(change: Bill) -> Decimal | None:
    invoice = change.body
    if not invoice.HasField("subtotal"):
        return None
    return decimal(total(number(invoice.subtotal), number(invoice.tax)), change.path("total"))


def _balance_due(change: Bill) -> Decimal | None:
    invoice = change.body
    if not invoice.HasField("total"):
        return None
    return decimal(total(number(invoice.total), -number(invoice.amount_paid)), change.path("balance_due"))


def _paid_in_full(change: Bill) -> bool | None:
    return number(change.body.balance_due) <= 0 if change.body.HasField("balance_due") else None


def _check_paid(change: Bill) -> None:
    """SENT and PAID follow the balance, unless the caller says PAID: then it must be true."""
    invoice = change.body
    if invoice.status not in SENT:
        return
    if invoice.status == INVOICE_STATUS_PAID and change.wrote("status") and not invoice.paid_in_full:
        raise change.refuse("status", "can be PAID only if amount_paid covers the total")
    invoice.status = SENT[1] if invoice.paid_in_full else SENT[0]


def _send_time(change: Bill) -> Timestamp | None:
    return to_timestamp(change.around.now) if change.body.status in SENT else None


def _pay_time(change: Bill) -> Timestamp | None:
    is_paid = change.body.status == INVOICE_STATUS_PAID
    return to_timestamp(change.around.now) if is_paid else None


def _lines(change: Bill) -> Iterator[tuple[str, str, TimeLog | Expense]]:
    """Each line with the field that names it and its id."""
    for id_ in change.body.time_log_ids:
        record = change.around.find(id_)
        assert record is not None
        yield "time_log_ids", id_, record.time_log
    for id_ in change.body.expense_ids:
        record = change.around.find(id_)
        assert record is not None
        yield "expense_ids", id_, record.expense


INVOICE: tuple[Step, ...] = (
    derive("status", _draft),
    derive("currency", currency_of_client),
    _check_sent,
    check_subproject,
    _check_lines,
    _free_lines,
    compute("subtotal", _subtotal),
    compute("total_time", _total_time),
    compute("tax", _tax),
    compute("total", _total),
    compute("balance_due", _balance_due),
    compute("paid_in_full", _paid_in_full),
    _check_paid,
    derive("send_time", _send_time),
    derive("pay_time", _pay_time, after=["paid_in_full"]),
    in_order("invoice_date", "due_date"),
    in_order("period_start_date", "period_end_date"),
)
