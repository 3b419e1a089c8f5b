"""What a service's request to an inbound hook comes to, once it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clockwire.operations.inbound_commands import Commands

#: Does what is asked, and says what came of it: the fields of the answer. None: there is nothing to do.
Operation = Callable[[Commands], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done, and what tells this delivery from others; empty if the sender does not say."""

    delivery_id: str
    operation: Operation


def nothing_to_do(message: str) -> Operation:
    """Does nothing, and says so."""
    return lambda _commands: {"message": message}
