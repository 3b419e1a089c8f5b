"""What an hour of a time log costs, by the rates that hold when the log is written.

A billing rate whose keys all match comes first. Without one, the client pays by the project's billing type: the rate
of the user, of the category, or of the project (its subproject's own, if that has one); roles and option years have no
other rates than billing rates. Where no type is set, the first of subproject, project, category and user that has a
rate gives it. Of a fixed price no hour costs anything. What the firm pays does not depend on the billing type: user,
category, subproject, project, in this order. A rate in another currency than the log's is not used.
"""

from collections.abc import Callable, Iterable
from typing import Any

from google.type.decimal_pb2 import Decimal

from clockwire.model.days import order_of, years_between
from clockwire.model.rules.change import Change
from clockwire.model.rules.places import category_of, project_of, subproject_of, user_of
from clockwire.v1.records_pb2 import (
    BILLING_TYPE_CATEGORY_RATE,
    BILLING_TYPE_FIXED,
    BILLING_TYPE_PROJECT_RATE,
    BILLING_TYPE_UNSPECIFIED,
    BILLING_TYPE_USER_RATE,
    BillingRate,
    TimeLog,
)

Log = Change[TimeLog]
Source = Callable[[Log], Any]

_FREE = Decimal(value="0")
_FOR_EVER = 99_999_999


def client_rate(change: Log) -> Decimal | None:
    """What the client pays for an hour, None if nobody said."""
    type_ = project_of(change).billing_type
    if type_ == BILLING_TYPE_FIXED:
        return _FREE
    return _winner(change, "client_rate") or _first(change, "client_rate", _SOURCES.get(type_, ()))


def salary_rate(change: Log) -> Decimal | None:
    """What an hour costs the firm, None if nobody said."""
    return _winner(change, "salary_rate") or _first(change, "salary_rate", _COST_SOURCES)


def _first(change: Log, field: str, sources: Iterable[Source]) -> Decimal | None:
    """The rate of the first source that has one."""
    for source in sources:
        body = source(change)
        if body.HasField(field) and _is_in_currency(body, change):
            rate: Decimal = getattr(body, field)
            return rate
    return None


def _winner(change: Log, field: str) -> Decimal | None:
    """Of the billing rates that match the log, the one with the most keys, then the most personal, then the latest."""
    around = change.around.rates().rates_for(change.body)
    matching = [rate for rate in around if _has(rate, field) and _matches(rate, change)] if around else ()
    if not matching:
        return None
    rate: Decimal = getattr(max(matching, key=_weight), field)
    return rate


def _has(rate: Any, field: str) -> bool:  # noqa: ANN401 - the stubs want a literal name
    return bool(rate.HasField(field))


def _is_in_currency(source: Any, change: Log) -> bool:  # noqa: ANN401 - any body that has rates
    return bool((source.currency or change.around.workspace.currency) == change.body.currency)


def _matches(rate: BillingRate, change: Log) -> bool:
    log = change.body
    first, last = order_of(rate.effective_start_date), order_of(rate.effective_end_date) or _FOR_EVER
    return (
        first <= order_of(log.date) <= last
        and _is_in_currency(rate, change)
        and (not rate.role or rate.role == user_of(change).role)
        and (not rate.HasField("option_year") or rate.option_year == _option_year(change))
    )


def _weight(rate: BillingRate) -> tuple[object, ...]:
    keys = [rate.user_id, rate.role, rate.project_id, rate.category_id, rate.HasField("option_year")]
    held = [bool(key) for key in keys]
    return (sum(held), held, order_of(rate.effective_start_date), rate.billing_rate_id)


def _option_year(change: Log) -> int:
    """The year of the contract in which the log's day lies, counted from the project's first day; 0 if unknown."""
    start, day = project_of(change).start_date, change.body.date
    return years_between(start, day) + 1 if start.year and order_of(start) <= order_of(day) else 0


_PROJECT: tuple[Source, ...] = (subproject_of, project_of)
_COST_SOURCES: tuple[Source, ...] = (user_of, category_of, subproject_of, project_of)
_SOURCES: dict[int, tuple[Source, ...]] = {
    BILLING_TYPE_UNSPECIFIED: (*_PROJECT, category_of, user_of),
    BILLING_TYPE_USER_RATE: (user_of,),
    BILLING_TYPE_CATEGORY_RATE: (category_of,),
    BILLING_TYPE_PROJECT_RATE: _PROJECT,
}
