"""What the routes are made of."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clockwire.api.calls import Calls
from clockwire.api.draining import Drain
from clockwire.api.procedures import Procedure
from clockwire.metrics import Metrics
from clockwire.model.instants import Clock
from clockwire.model.vault import Vault
from clockwire.operations.samples import Samples
from clockwire.storage.database import Database
from clockwire.storage.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The service, as it stands under the routes."""

    calls: Calls
    #: Every call of the contract by its path, "/clockwire.v1.RecordService/GetRecord".
    procedures: Mapping[str, Procedure]
    database: Database
    writer: Writer[Any]
    vault: Vault
    samples: Samples
    #: Raises TargetUrlRefused for a URL that webhooks may not go to.
    check_target: Callable[[str], Awaitable[object]]
    drain: Drain
    metrics: Metrics
    #: How long ago the dispatcher last got on.
    stalled_seconds: Callable[[], float]
    clock: Clock
