"""How a webhook is sent: the parts of docs/webhooks.md that are numbers and names, and of docs/reference/scopes.md."""

from collections.abc import Callable, Mapping
from itertools import accumulate

from reference_tables import code, table

from clockwire.api.scopes import ACCESS, OPERATOR
from clockwire.model.api_key import SCOPES
from clockwire.model.instants import HOUR, MINUTE, SECOND
from clockwire.model.retry import DEFAULT_SCHEDULE


def retry_schedule() -> str:
    """When each attempt is made, if all before it failed."""
    delays = [0, *DEFAULT_SCHEDULE.delays]
    return table(
        ("attempt", "after the one before", "after the first"),
        (
            (str(number), _length(delay), _length(total))
            for number, (delay, total) in enumerate(zip(delays, accumulate(delays), strict=True), 1)
        ),
    )


def scopes() -> str:
    """What a key with a scope may call."""
    return table(
        ("scope", "calls"),
        ((code(scope), _calls(scope)) for scope in (*SCOPES, OPERATOR)),
    )


def _calls(scope: str) -> str:
    names = [path.split(".")[-1].replace("/", ".") for path, access in ACCESS.items() if access.scope == scope]
    if scope == OPERATOR:
        return f"everything in every workspace, and alone {code(*names)}"
    return code(*names)


def _length(microseconds: int) -> str:
    for unit, name in ((HOUR, "h"), (MINUTE, "min"), (SECOND, "s")):
        if microseconds >= unit:
            return f"{microseconds / unit:.4g} {name}"
    return "at once"


PARTS: Mapping[str, Callable[[], str]] = {
    "retry schedule": retry_schedule,
    "scopes": scopes,
}
