"""What do the eleven types demand of their records? A sequence of steps for each."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from clockwire.model.rules.change import Around, Change, Step
from clockwire.model.rules.expenses import EXPENSE
from clockwire.model.rules.invoices import INVOICE
from clockwire.model.rules.projects import PROJECT, SUBPROJECT, TASK
from clockwire.model.rules.rosters import BILLING_RATE, CATEGORY, USER
from clockwire.model.rules.time_logs import TIME_LOG
from clockwire.v1.common_pb2 import RecordType

__all__ = ["RULES", "Around", "Change", "complete"]

RULES: Mapping[int, Sequence[Step]] = MappingProxyType(
    {
        RecordType.RECORD_TYPE_PROJECT: PROJECT,
        RecordType.RECORD_TYPE_TASK: TASK,
        RecordType.RECORD_TYPE_TIME_LOG: TIME_LOG,
        RecordType.RECORD_TYPE_SUBPROJECT: SUBPROJECT,
        RecordType.RECORD_TYPE_EXPENSE: EXPENSE,
        RecordType.RECORD_TYPE_CLIENT: (),
        RecordType.RECORD_TYPE_USER: USER,
        RecordType.RECORD_TYPE_INVENTORY: (),
        RecordType.RECORD_TYPE_CATEGORY: CATEGORY,
        RecordType.RECORD_TYPE_INVOICE: INVOICE,
        RecordType.RECORD_TYPE_BILLING_RATE: BILLING_RATE,
    }
)


def complete(change: Change[Any], type_: int) -> None:
    """Derives what was left open and checks the rest. Raises what the type's rules refuse."""
    for step in RULES[type_]:
        step(change)
