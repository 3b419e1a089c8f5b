"""Which values are accepted, and in which form they are stored: of whole records, and of single fields."""

from clockwire.model.values.codes import CURRENCIES
from clockwire.model.values.record import check_record, check_required
from clockwire.model.values.text import (
    check_country,
    check_currency,
    check_email,
    check_id,
    check_text,
    check_url,
)
from clockwire.model.values.times import check_date, check_duration, check_time_zone, check_timestamp

__all__ = [
    "CURRENCIES",
    "check_country",
    "check_currency",
    "check_date",
    "check_duration",
    "check_email",
    "check_id",
    "check_record",
    "check_required",
    "check_text",
    "check_time_zone",
    "check_timestamp",
    "check_url",
]
