"""Which value a literal of a filter writes down, read as the kind of the path it is compared with."""

import re
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from clockwire.model import decimals
from clockwire.model.custom_values import BOOL_MARK, NUMBER_MARK, STRING_MARK, marked_number
from clockwire.model.filters.paths import Path, spelling
from clockwire.model.filters.tokens import Literal, Token, TokenKind, string_of
from clockwire.model.instants import SECOND, micros

_LARGEST_INTEGER = 2**63 - 1
_LONGEST_DURATION = 315_576_000_000  # seconds; the limit of google.protobuf.Duration
_RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d{1,9}))?"
    r"(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DURATION = re.compile(r"(-?)(\d+)(?:\.(\d{1,6}))?s", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def value_of(path: Path, literal: Token) -> str | int:
    """The literal in the form that values of the path's kind have. Raises FilterInvalid."""
    return _READERS[path.kind](path, literal)


def quoted(path: Path, literal: Token) -> Literal:
    """What a literal that must be a string says. Raises FilterInvalid."""
    if literal.kind is not TokenKind.STRING:
        raise literal.refused(f"{path.name} holds text: put it in quotes")
    return string_of(literal)


def custom_value(path: Path, literal: Token) -> tuple[str, str | Literal]:
    """The mark of the literal's kind, and the marked value or, with a wildcard, the text."""
    if literal.kind is TokenKind.STRING:
        string = string_of(literal)
        has_wildcard = string.open_start or string.open_end
        return STRING_MARK, string if has_wildcard else STRING_MARK + string.text
    if literal.kind is TokenKind.NUMBER:
        try:
            return NUMBER_MARK, marked_number(float(literal.text))
        except (ValueError, OverflowError, struct.error) as error:
            raise literal.refused("the number is too large") from error
    if literal.text in {"true", "false"}:
        return BOOL_MARK, BOOL_MARK + literal.text
    raise literal.refused(f"{path.name} may be compared with a quoted text, a number, true, false or null")


def _bool(path: Path, literal: Token) -> int:
    if literal.text not in {"true", "false"}:
        raise literal.refused(f"{path.name} is true, false or null")
    return literal.text == "true"


def _int(path: Path, literal: Token) -> int:
    if literal.kind is not TokenKind.NUMBER or "." in literal.text:
        raise literal.refused(f"{path.name} is a whole number")
    digits = literal.text.lstrip("-").lstrip("0") or "0"
    if len(digits) > 19 or int(digits) > _LARGEST_INTEGER:
        raise literal.refused("the number is larger than 64 bits")
    return -int(digits) if literal.text.startswith("-") else int(digits)


def _decimal(path: Path, literal: Token) -> str:
    if literal.kind is not TokenKind.NUMBER:
        raise literal.refused(f"{path.name} is a decimal number, such as 125.50")
    try:
        return decimals.sortable(literal.text)
    except decimals.NotADecimal as error:
        raise literal.refused(f"a decimal {error}") from error


def _enum(path: Path, literal: Token) -> int:
    word = string_of(literal).text if literal.kind is TokenKind.STRING else literal.text
    number = path.spellings.get(spelling(word)) if literal.kind in {TokenKind.STRING, TokenKind.PATH} else None
    if number is None:
        raise literal.refused(f"{path.name} is one of {', '.join(path.column.enum_values)}, or null")
    return number


def _date(path: Path, literal: Token) -> str:
    text = _time_text(literal)
    try:
        return date.fromisoformat(text if _DATE.fullmatch(text) else "").isoformat()
    except ValueError as error:
        raise literal.refused(f'{path.name} is a day, such as "2024-01-15"') from error


def _timestamp(path: Path, literal: Token) -> int:
    try:
        return _instant(_time_text(literal))
    except ValueError as error:
        raise literal.refused(f'{path.name} is a time in RFC 3339, such as "2024-01-15T10:00:00Z"') from error


def _instant(text: str) -> int:
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, time, fraction, sign, zone_hour, zone_minute = match.groups()
    local = datetime.fromisoformat(f"{day}T{time}+00:00") - _EPOCH
    offset = timedelta(hours=int(zone_hour or 0), minutes=int(zone_minute or 0))
    utc = local + offset if sign == "-" else local - offset
    return micros(utc) + int((fraction or "0").ljust(6, "0")[:6])


def _duration(path: Path, literal: Token) -> int:
    match = _DURATION.fullmatch(_time_text(literal))
    if match is None or len(match[2]) > 12 or int(match[2]) > _LONGEST_DURATION:
        raise literal.refused(f'{path.name} is a length of time in seconds, such as "5400s"')
    length = int(match[2]) * SECOND + int((match[3] or "0").ljust(6, "0"))
    return -length if match[1] else length


def _time_text(literal: Token) -> str:
    return string_of(literal).text if literal.kind is TokenKind.STRING else literal.text


_READERS: Mapping[str, Callable[[Path, Token], str | int]] = {
    "bool": _bool,
    "int": _int,
    "decimal": _decimal,
    "enum": _enum,
    "date": _date,
    "timestamp": _timestamp,
    "duration": _duration,
}
