"""Which reasons an error can have: the part of docs/reference/errors.md.

Status and metadata are those of the code; the meaning is the comment in the contract. Where the two name different
statuses or metadata, nothing is written.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from reference_tables import code, table

from clockwire.api.errors import Internal, code_of
from clockwire.client import errors as client_errors
from clockwire.model.errors import ClockwireError, FieldInvalid, Violation
from clockwire.v1.errors_pb2 import ErrorReason

CONTRACT = Path(__file__).parents[1] / "proto/clockwire/v1/errors.proto"
VALUE = re.compile(r"((?:  //[^\n]*\n)+)  ERROR_REASON_(\w+) = (\d+);")


def reasons() -> str:
    """Every reason, with its status, its metadata and the client's exception."""
    meanings = dict(_comments())
    errors = {error.reason: error for error in _errors()}
    missing = set(_names()) ^ set(errors)
    if missing:
        raise SystemExit(f"in the contract or in the code, but not in both: {', '.join(sorted(missing))}")
    rows = [_row(reason, errors[reason], meanings[reason]) for reason in _names()]
    return table(("reason", "status", "metadata", "exception of the client", "meaning"), rows)


def _names() -> list[str]:
    return [name.removeprefix("ERROR_REASON_") for name, number in ErrorReason.items() if number]


def _comments() -> Iterator[tuple[str, str]]:
    for comment, reason, _ in VALUE.findall(CONTRACT.read_text()):
        yield reason, " ".join(comment.replace("//", " ").split())


def _row(reason: str, error: ClockwireError, comment: str) -> tuple[str, str, str, str, str]:
    status, _, meaning = comment.partition(". ")
    if status != code_of(error):
        raise SystemExit(f"{reason}: the contract says {status}, the code {code_of(error)}")
    promised = re.search(r"metadata: ([^.]*)\.", meaning)
    names = re.findall(r"[a-z_]+", re.sub(r"\(.*?\)", "", promised[1])) if promised else []
    if not set(names) <= set(error.metadata):
        raise SystemExit(f"{reason}: the contract promises {names}, the code gives {[*error.metadata]}")
    bare = re.sub(r"\s*metadata: [^.]*\.", "", meaning)
    return code(reason), code(status), code(*error.metadata), code(_exception(reason)), bare


def _exception(reason: str) -> str:
    [name] = [
        name
        for name, kind in inspect.getmembers(client_errors, inspect.isclass)
        if issubclass(kind, client_errors.ClockwireError) and kind.reason == reason
    ]
    return name


def _errors() -> Iterator[ClockwireError]:
    """One of each kind of error, made from facts that mean nothing."""
    kinds: list[type[ClockwireError]] = [*ClockwireError.__subclasses__()]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if vars(kind).get("reason"):  # one without a reason is never sent by a server of ours
            yield _made(kind)


def _made(kind: type[Any]) -> ClockwireError:
    if kind is FieldInvalid:
        return FieldInvalid(Violation("field", "problem"))
    positional, named = [], {}
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.default is not parameter.empty:
            continue
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[name] = _fact(parameter.annotation)
        else:
            positional.append(_fact(parameter.annotation))
    error: ClockwireError = kind(*positional, **named)
    return error


def _fact(annotation: Any) -> object:  # noqa: ANN401 - whatever a parameter is annotated with
    if get_origin(annotation) is not None:
        return [_fact(each) for each in get_args(annotation)]
    return 1 if annotation is int else "x"


PARTS: Mapping[str, Callable[[], str]] = {"errors": reasons}
assert Internal.reason == "INTERNAL"  # imported for its being a kind of error
