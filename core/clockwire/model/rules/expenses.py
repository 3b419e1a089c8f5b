"""What an expense must be, and what follows from the rest."""

from decimal import Decimal as Number

from google.type.decimal_pb2 import Decimal

from clockwire.model.errors import RecordLocked
from clockwire.model.money import ZERO, decimal, number, product, rounded
from clockwire.model.rules.change import Change, Step, derive
from clockwire.model.rules.places import (
    check_subproject,
    check_task,
    client_of_project,
    currency_of_project,
    project_of_task,
)
from clockwire.v1.records_pb2 import EXPENSE_KIND_MATERIAL, EXPENSE_KIND_OUT_OF_POCKET, Expense, ExpenseKind

# What an invoice is made from; the rest may change after it.
_BILLED = (
    *("project_id", "task_id", "subproject_id", "user_id", "category_id", "inventory_id", "kind", "date", "currency"),
    *("quantity", "unit_cost", "amount", "billable", "description"),
)


def stock_used(expense: Expense | None) -> dict[str, Number]:
    """How much of which inventory item the expense takes."""
    if expense is None or expense.kind != EXPENSE_KIND_MATERIAL or not expense.inventory_id:
        return {}
    return {expense.inventory_id: number(expense.quantity)}


def stock_changes(before: Expense | None, after: Expense | None) -> dict[str, Number]:
    """By how much the stock of inventory items grows (or falls, if negative) when an expense becomes another."""
    given, taken = stock_used(before), stock_used(after)
    changes = {id_: given.get(id_, ZERO) - taken.get(id_, ZERO) for id_ in {**given, **taken}}
    return {id_: change for id_, change in changes.items() if change}


def _check_billed(change: Change[Expense]) -> None:
    before = change.before
    if before is None or not before.invoice_id:
        return
    for field in _BILLED:
        if change.changes(field):
            why = f"it is billed by invoice {before.invoice_id}, and {field} may not change"
            raise RecordLocked("expense", change.id, why)


def _kind(_change: Change[Expense]) -> ExpenseKind.ValueType:
    return EXPENSE_KIND_OUT_OF_POCKET


def _amount(change: Change[Expense]) -> Decimal | None:
    expense = change.body
    if not (expense.HasField("quantity") and expense.HasField("unit_cost")):
        return expense.amount if expense.HasField("amount") else None
    exact = product(number(expense.quantity), number(expense.unit_cost))
    return decimal(rounded(exact, expense.currency), change.path("amount"))


EXPENSE: tuple[Step, ...] = (
    _check_billed,
    derive("project_id", project_of_task, after=["task_id"]),
    check_task,
    check_subproject,
    derive("client_id", client_of_project, after=["project_id"]),
    derive("kind", _kind),
    derive("currency", currency_of_project),
    derive("amount", _amount, after=["quantity", "unit_cost"]),
)
