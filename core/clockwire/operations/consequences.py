"""What must change with a record: the sums of tasks, the stock of inventory, the lines of invoices."""

from collections.abc import Callable, Mapping

from clockwire.model.instants import SECOND
from clockwire.model.money import decimal, number, plain, total, written
from clockwire.model.record_fields import of_duration
from clockwire.model.rules.expenses import stock_changes
from clockwire.model.rules.invoices import lines_of
from clockwire.model.rules.projects import counted_cost
from clockwire.operations.ledger import Ledger, copied
from clockwire.v1.common_pb2 import RECORD_TYPE_EXPENSE, RECORD_TYPE_INVOICE, RECORD_TYPE_TIME_LOG
from clockwire.v1.records_pb2 import Record, TimeLog


def follow(ledger: Ledger, before: Record | None, after: Record | None) -> None:
    """Everything that depends on the record is as it must be after the change."""
    record = after if after is not None else before
    if record is not None and record.type in _CONSEQUENCES:
        _CONSEQUENCES[record.type](ledger, before, after)


def _keep_sums(ledger: Ledger, before: Record | None, after: Record | None) -> None:
    """A task holds the time and cost of its logs; that is no change of the task itself."""
    old = before.time_log if before is not None else None
    new = after.time_log if after is not None else None
    if old is not None and new is not None and _counts_as(old) == _counts_as(new):
        return
    if old is not None:
        _count(ledger, old, -1)
    if new is not None:
        _count(ledger, new, 1)


def _counts_as(log: TimeLog) -> tuple[str, int, str, str]:
    return log.task_id, of_duration(log.duration), log.client_cost.value, log.currency


def _count(ledger: Ledger, log: TimeLog, sign: int) -> None:
    record = ledger.correct(log.task_id) if log.task_id else None
    if record is None:
        return
    task = record.task
    time, cost = task.actual_time, task.actual_cost
    seconds, micros = divmod(of_duration(time) + sign * of_duration(log.duration), SECOND)
    time.seconds, time.nanos = seconds, micros * 1000
    sum_ = total(number(cost), sign * counted_cost(log, task.currency))
    cost.value = written(sum_, "record.time_log.client_cost")


def _keep_stock(ledger: Ledger, before: Record | None, after: Record | None) -> None:
    """Stock that an expense uses is taken from the inventory, and given back if it does not use it after all."""
    old = before.expense if before is not None else None
    new = after.expense if after is not None else None
    for item_id, growth in sorted(stock_changes(old, new).items()):
        item = ledger.records.find(item_id)
        if item is not None:
            restocked = copied(item)
            stock = plain(total(number(item.inventory_item.quantity_in_stock), growth))
            restocked.inventory_item.quantity_in_stock.CopyFrom(decimal(stock, "record.expense.quantity"))
            ledger.enter(item, restocked)


def _keep_lines(ledger: Ledger, before: Record | None, after: Record | None) -> None:
    """A time log or expense knows the invoice that bills it."""
    old = lines_of(before.invoice if before is not None else None)
    new = lines_of(after.invoice if after is not None else None)
    for id_ in sorted(old - new):
        _bill(ledger, id_, "")
    for id_ in sorted(new - old):
        _bill(ledger, id_, after.id if after is not None else "")


def _bill(ledger: Ledger, id_: str, invoice_id: str) -> None:
    line = ledger.records.find(id_)
    if line is None:
        return
    billed = copied(line)
    if billed.type == RECORD_TYPE_TIME_LOG:
        billed.time_log.invoice_id = invoice_id
    else:
        billed.expense.invoice_id = invoice_id
    ledger.enter(line, billed)


_CONSEQUENCES: Mapping[int, Callable[[Ledger, Record | None, Record | None], None]] = {
    RECORD_TYPE_TIME_LOG: _keep_sums,
    RECORD_TYPE_EXPENSE: _keep_stock,
    RECORD_TYPE_INVOICE: _keep_lines,
}
