"""How amounts are computed: exactly, and rounded half-even to the minor unit of their currency."""

from decimal import ROUND_HALF_EVEN, Context
from decimal import Decimal as Number
from functools import cache, lru_cache

from google.protobuf.duration_pb2 import Duration
from google.type.decimal_pb2 import Decimal

from clockwire.model.errors import FieldInvalid
from clockwire.model.record_fields import of_duration

# Of the currencies whose minor unit is not a hundredth (ISO 4217 list one, "Mnr unt").
_MINOR_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
# Enough for the product of any two amounts, to the last digit.
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_LIMIT = Number(10) ** 18
_MILLIONTH = Number("0.000001")
_HOUR = Number(3_600_000_000)
_PRICES_KEPT = 4096
ZERO = Number(0)


def number(amount: Decimal) -> Number:
    """The amount as a number; 0 if it is not set."""
    return Number(amount.value) if amount.value else ZERO


def decimal(value: Number, field: str) -> Decimal:
    """The number as it is stored in *field*. FieldInvalid if it has more digits than an amount may have."""
    return Decimal(value=written(value, field))


def written(value: Number, field: str) -> str:
    """The digits of the number as they are stored in *field*. FieldInvalid if there are more than there may be."""
    if not -_LIMIT < value < _LIMIT:
        raise FieldInvalid.of(field, "comes to more than 18 digits before the point")
    return f"{value:f}"


def rounded(value: Number, currency: str) -> Number:
    """The amount in whole minor units of the currency, half-even."""
    return value.quantize(_minor_unit(currency), context=_EXACT)


def product(one: Number, other: Number) -> Number:
    """Exactly one times the other."""
    return _EXACT.multiply(one, other)


def total(one: Number, other: Number) -> Number:
    """Exactly one and the other."""
    return _EXACT.add(one, other)


def plain(value: Number) -> Number:
    """A quantity as a person would write it: at most 6 places, without trailing zeros."""
    return value.quantize(_MILLIONTH, context=_EXACT).normalize(_EXACT)


def price(rate: Decimal, time: Duration, currency: str, field: str) -> Decimal:
    """What this time costs at this rate an hour, as it is stored in *field*; not to be changed. See `decimal`."""
    return _price(rate.value, of_duration(time), currency, field)


@lru_cache(_PRICES_KEPT)
def nothing(currency: str) -> Decimal:
    """No money, in whole minor units of the currency; not to be changed."""
    return Decimal(value=f"{rounded(ZERO, currency):f}")


@lru_cache(_PRICES_KEPT)
def _price(rate: str, micros: int, currency: str, field: str) -> Decimal:
    exact = _EXACT.multiply(Number(rate or 0), Number(micros))
    return decimal(rounded(_EXACT.divide(exact, _HOUR), currency), field)


@cache
def _minor_unit(currency: str) -> Number:
    return Number(1).scaleb(-_MINOR_DIGITS.get(currency, 2))
