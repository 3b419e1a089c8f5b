"""How exact numbers are read, and how they become text that sorts as they do.

At most 18 digits before and 6 after the point, no exponent. The sortable form counts millionths from the lowest
possible value, in 25 digits: comparing two such texts byte by byte compares the numbers, on any database.
"""

import re

_WRITTEN = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?", re.ASCII)
_WHOLE_DIGITS = 18
_FRACTION_DIGITS = 6
#: The most characters of a number in the form in which it is stored: its digits, a sign and a point.
LONGEST = _WHOLE_DIGITS + _FRACTION_DIGITS + 2

_LOWEST = 10 ** (_WHOLE_DIGITS + _FRACTION_DIGITS)
_WIDTH = _WHOLE_DIGITS + _FRACTION_DIGITS + 1


class NotADecimal(ValueError):
    """The text is no number of the allowed form and size; its message says what is allowed."""


def normalised(text: str) -> str:
    """The number as it is stored: no plus sign, no leading zeros, no "-0", and the fraction as it was written."""
    sign, whole, fraction = _parts(text)
    point = f".{fraction}" if fraction else ""
    negative = sign == "-" and (whole != "0" or fraction.strip("0"))
    return f"{'-' if negative else ''}{whole}{point}"


def sortable(text: str) -> str:
    """The number as text of fixed width whose order is the order of numbers; equal numbers are equal texts."""
    sign, whole, fraction = _parts(text)
    millionths = int(whole + fraction.ljust(_FRACTION_DIGITS, "0"))
    return f"{_LOWEST + (-millionths if sign == '-' else millionths):0{_WIDTH}}"


def _parts(text: str) -> tuple[str, str, str]:
    match = _WRITTEN.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise NotADecimal("must be a decimal number such as 125.50, without an exponent")
    whole, fraction = match[2].lstrip("0") or "0", match[3] or ""
    if len(whole) > _WHOLE_DIGITS or len(fraction) > _FRACTION_DIGITS:
        raise NotADecimal(f"may have {_WHOLE_DIGITS} digits before and {_FRACTION_DIGITS} after the point")
    return match[1], whole, fraction
