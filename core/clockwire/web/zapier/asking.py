"""What does a request ask for? Its fields by name, each read as what it should be; all that is wrong is said at once.

A field that is null or "" counts as left out: Zapier sends those for what its user did not fill in.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson
from starlette.requests import Request

from clockwire.api.callers import caller
from clockwire.model.errors import FieldInvalid, Violation, WorkspaceForbidden
from clockwire.web.requests import read_body

LARGEST_BODY: Final = 256 * 1024
LONGEST_NAME: Final = 255

_LONGEST_NUMBER = 40
_LARGEST_AMOUNT = 10**18

_FLAGS: Mapping[object, bool] = {True: True, False: False, "true": True, "false": False}


class Asked:
    """The fields of a request."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = {name: value for name, value in fields.items() if value is not None and value != ""}
        self._wrong: list[Violation] = []

    def check(self) -> None:
        """Everything that was read so far is right. Raises one FieldInvalid for all that is not."""
        if self._wrong:
            raise FieldInvalid(*self._wrong)

    def need(self, *names: str) -> None:
        """These fields are there."""
        for name in names:
            if name not in self._fields:
                self._refuse(name, "is required")

    def text(self, name: str, *, longest: int | None = None) -> str:
        """A text; "" if it was left out."""
        value = self._fields.get(name, "")
        if not isinstance(value, str):
            self._refuse(name, "must be a string")
        elif longest and len(value) > longest:
            self._refuse(name, f"must have at most {longest} characters")
        else:
            return value
        return ""

    def word(self, name: str, words: Sequence[str], default: str = "") -> str:
        """One of some words."""
        value = self._fields.get(name, default)
        if value in words or name not in self._fields:
            return str(value)
        self._refuse(name, f"must be {', '.join(words[:-1])} or {words[-1]}")
        return default

    def flag(self, name: str) -> bool | None:
        """True, false, or None if it was left out."""
        value = self._fields.get(name)
        if value is None or (isinstance(value, bool | str) and value in _FLAGS):
            return None if value is None else _FLAGS[value]
        self._refuse(name, "must be true or false")
        return None

    def amount(self, name: str) -> Decimal | None:
        """A number above 0, also as text; None if it was left out."""
        value = self._fields.get(name)
        if value is None:
            return None
        number = _number(value)
        if number is None or not 0 < number < _LARGEST_AMOUNT:
            self._refuse(name, "must be a number above 0, with at most 18 digits before the point")
            return None
        return number

    def id(self, name: str) -> str:
        """The id of a record, in lower case."""
        return self.text(name).strip().lower()

    def ids(self, name: str) -> list[str]:
        """Ids: an array, or one text with commas between them."""
        value = self._fields.get(name, [])
        entries = value.split(",") if isinstance(value, str) else value
        if isinstance(entries, list) and all(isinstance(each, str) for each in entries):
            return [each.strip().lower() for each in entries if each.strip()]
        self._refuse(name, "must be ids: an array of strings, or one string with commas between them")
        return []

    def moment(self, name: str, *, zoned: bool = True) -> datetime | None:
        """A point in time in ISO 8601, with its offset if *zoned*; None if it was left out."""
        text = self.text(name)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self._refuse(name, "must be a time in ISO 8601, such as 2024-01-15T09:00:00.000Z")
            return None
        if zoned and moment.tzinfo is None:
            self._refuse(name, "needs an offset, such as the Z in 2024-01-15T09:00:00.000Z")
            return None
        return moment

    def workspace(self) -> None:
        """The workspace that is named is the key's own. Raises WorkspaceForbidden."""
        named = self.id("workspace_id")
        if named and named != caller().workspace_id:
            raise WorkspaceForbidden(named[:100])

    def _refuse(self, name: str, description: str) -> None:
        self._wrong.append(Violation(name, description))


def _number(value: object) -> Decimal | None:
    """The number that a value is or, as text, writes down in a few digits."""
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(text) > _LONGEST_NUMBER:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    is_short = number.is_finite() and abs(number.adjusted()) < _LONGEST_NUMBER
    return number if is_short else None


async def asked_in_body(request: Request) -> Asked:
    """The fields of a JSON body. Raises FieldInvalid for anything but an object."""
    try:
        body = orjson.loads(await read_body(request, limit=LARGEST_BODY))
    except orjson.JSONDecodeError as error:
        raise FieldInvalid.of("body", f"is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise FieldInvalid.of("body", "must be a JSON object")
    return Asked(body)


async def asked(request: Request) -> Asked:
    """The fields of a request that may also be made with GET, and then has them in its query."""
    return Asked(dict(request.query_params)) if request.method == "GET" else await asked_in_body(request)
