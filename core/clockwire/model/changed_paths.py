"""Whether a change touched a path: "project.status" and "custom_fields.cost_center", or "status" for any type."""

import difflib
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import cache

from clockwire.model.columns import ENVELOPE
from clockwire.model.record_types import RECORD_TYPES, TIMER


def full_paths(path: str) -> frozenset[str]:
    """The paths relative to Record that *path* names: itself, or one per type if it leaves out the body's name.

    Those of a timer stand alone, as they are relative to Timer. Empty if there is no such path. A body's own name
    stands for all its fields.
    """
    head, _, key = path.partition(".")
    if head == "custom_fields" and (key or path == head):
        return frozenset({path})
    return _full_paths().get(path, frozenset())


def why_unknown_path(path: str) -> str:
    """What is wrong with a path that names nothing."""
    near = difflib.get_close_matches(path, _full_paths(), n=1)
    hint = f"; perhaps {near[0]!r} was meant" if near else ""
    return f"{path[:100]!r} is no path of a record{hint}; paths are written as 'project.status' or 'external_id'"


def touches(changed: Iterable[str], wanted: AbstractSet[str]) -> bool:
    """Whether a changed path is one of the wanted ones, lies below one, or holds one."""
    return any(
        path in wanted or any(path.startswith(f"{each}.") or each.startswith(f"{path}.") for each in wanted)
        for path in changed
    )


@cache
def _full_paths() -> dict[str, frozenset[str]]:
    paths = {name: frozenset({name}) for name in (*ENVELOPE, *(info.body_field for info in RECORD_TYPES.values()))}
    for info in RECORD_TYPES.values():
        for field in info.body.fields:
            full = f"{info.body_field}.{field.name}"
            paths[full] = frozenset({full})
            paths[field.name] = paths.get(field.name, frozenset()) | {full}
    for column in TIMER.columns:
        paths[column.path] = paths.get(column.path, frozenset()) | {column.path}
    return paths
