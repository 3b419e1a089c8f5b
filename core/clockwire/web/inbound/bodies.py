"""What does a request to an inbound hook hold? Fields, sent as JSON or as a form, in UTF-8."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from clockwire.model.errors import FieldInvalid
from clockwire.web.errors import HttpRefusal

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
_MOST_FIELDS = 100
_REPEATABLE = "tags"


def read_fields(request: Request, body: bytes) -> Mapping[str, Any]:
    """The fields of the body. Raises HttpRefusal for another type or encoding, FieldInvalid for what cannot be read."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = _charset(parameters)
    if media_type.strip().lower() not in (JSON, FORM) or charset not in ("", "utf-8", "utf8"):
        sentence = f"the content-type must be {JSON} or {FORM}, in UTF-8"
        raise HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNIMPLEMENTED", sentence, accept_post=f"{JSON}, {FORM}")
    return read_json(body) if media_type.strip().lower() == JSON else read_form(body)


def read_json(body: bytes | str) -> Mapping[str, Any]:
    """The fields of a JSON object. Raises FieldInvalid."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise FieldInvalid.of("body", f"is no JSON in UTF-8: {str(error)[:200]}") from None
    if not isinstance(value, dict):
        raise FieldInvalid.of("body", "must be a JSON object")
    return value


def read_form(body: bytes) -> Mapping[str, Any]:
    """The fields of a form; `tags` may stand there several times. Raises FieldInvalid."""
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:  # UnicodeDecodeError is one
        raise FieldInvalid.of("body", f"is no form of at most {_MOST_FIELDS} fields in UTF-8") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name == _REPEATABLE:
            fields.setdefault(name, []).append(value)
        elif name in fields:
            raise FieldInvalid.of(name[:60] or "body", "is there twice")
        else:
            fields[name] = value
    tags = fields.get(_REPEATABLE)
    if tags and len(tags) == 1:
        fields[_REPEATABLE] = tags[0]
    return fields


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""
