"""How long, how large and how many the values of a column may be.

Text has at most 500 characters, names 255, descriptions and notes 10,000, invoice numbers and tags 64. Rates and other
plans are not negative, percentages lie between 0 and 100, a time log has more than 0 and at most 24 hours, a week 168.
"""

from datetime import timedelta
from decimal import Decimal

from clockwire.model.columns import Column

INFINITE = Decimal("Infinity")
LONGEST_TAG = 64

_LONGEST = 500
_LONGEST_NAME = 255
_LONGEST_OF = {
    "external_id": 200,
    "first_name": 200,
    "last_name": 200,
    "description": 10_000,
    "notes": 10_000,
    "note": 10_000,
    "invoice_number": 64,
}
_MOST_ENTRIES = {"assigned_user_ids": 50, "tags": 50, "time_log_ids": 5_000, "expense_ids": 5_000}
_PERCENTAGES = {"percent_complete", "tax_rate"}
_NOT_NEGATIVE = {
    *("client_rate", "salary_rate", "quoted_cost", "budget_amount", "estimated_cost", "unit_cost", "sale_price"),
    *("quantity", "reorder_point", "reorder_quantity"),
}
_LENGTHS = {
    "duration": (timedelta(microseconds=1), timedelta(hours=24)),
    "weekly_time": (timedelta(0), timedelta(hours=168)),
}
_INTEGERS = {"option_year": range(1, 1_001)}
_INT64 = range(-(2**63), 2**63)


def characters(column: Column) -> tuple[int, int]:
    """The least and the most characters of a text."""
    return (1, _LONGEST_NAME) if column.required else (0, _LONGEST_OF.get(column.path, _LONGEST))


def entries(column: Column) -> int:
    """The most entries of a list."""
    return _MOST_ENTRIES[column.path]


def integers(column: Column) -> range:
    """The whole numbers that are allowed."""
    return _INTEGERS.get(column.path, _INT64)


def amounts(column: Column) -> tuple[Decimal, Decimal]:
    """The least and the largest exact number; infinite where there is none."""
    if column.path in _PERCENTAGES:
        return Decimal(0), Decimal(100)
    return (Decimal(0) if column.path in _NOT_NEGATIVE else -INFINITE), INFINITE


def lengths(column: Column) -> tuple[timedelta, timedelta | None]:
    """The shortest and the longest time, None if there is no longest."""
    return _LENGTHS.get(column.path, (timedelta(0), None))
