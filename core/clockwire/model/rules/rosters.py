"""What the other records must be: users, categories, billing rates, and those that need no rules."""

from clockwire.model.rules.change import Change, Step, derive, in_order
from clockwire.v1.records_pb2 import CATEGORY_KIND_LABOR, Category, CategoryKind


def _labor(_change: Change[Category]) -> CategoryKind.ValueType:
    return CATEGORY_KIND_LABOR


USER: tuple[Step, ...] = (in_order("hire_date", "termination_date"),)
CATEGORY: tuple[Step, ...] = (derive("kind", _labor),)
BILLING_RATE: tuple[Step, ...] = (in_order("effective_start_date", "effective_end_date"),)
