r"""What the filter language is: the strict subset of AIP-160 that RecordService describes, and what it leaves open.

A record without a value at a path fails every test of it but `= null`; `!=` is the opposite of `=`, so it holds there.
NOT turns what it stands before into its opposite, also where values are missing. Text is compared by code points and
with regard to case, enum words by their numbers and in any spelling (InProgress, IN_PROGRESS, TASK_STATUS_IN_PROGRESS).
An empty string is no value. `:` asks for one entry of a list; of tags by id or by name. The escapes in strings are
``\\ \" \' \* \n \t``. In custom fields only a value of the literal's own kind can pass; null, "", {} and [] are missing
there. A key that is no plain word is quoted: `custom_fields."cost center" = "4711"`.
"""

from clockwire.model.filters.nodes import (
    Absent,
    And,
    Compared,
    Comparison,
    Filter,
    Has,
    Like,
    Node,
    Not,
    Or,
)
from clockwire.model.filters.parser import parse_filter
from clockwire.model.filters.paths import Path

__all__ = [
    "Absent",
    "And",
    "Compared",
    "Comparison",
    "Filter",
    "Has",
    "Like",
    "Node",
    "Not",
    "Or",
    "Path",
    "parse_filter",
]
