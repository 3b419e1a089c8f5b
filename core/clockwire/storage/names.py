"""Records by what they are called: names are not unique, and are looked for without regard to case."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from clockwire.storage.records import select_records, select_sources
from clockwire.storage.tables import record
from clockwire.v1.records_pb2 import Record


def select_named(connection: Connection, workspace_id: str, type_: int, *, field: str, name: str) -> list[Record]:
    """The records of a type whose *field* is *name*, or that but for case if none is."""
    query = select(record.c.id, record.c.fields[field].as_string()).where(
        record.c.workspace_id == workspace_id, record.c.type == int(type_)
    )
    ids = _called(((id_, found or "") for id_, found in connection.execute(query)), name)
    return _in_order(select_records(connection, workspace_id, ids))


def select_tasks_named(
    connection: Connection, workspace_id: str, project_id: str, name: str, *, type_: int
) -> list[Record]:
    """The same among the tasks of a project, whatever number of others there is."""
    ids = select_sources(connection, workspace_id, (project_id, "project_id"), types=[type_])
    tasks = select_records(connection, workspace_id, ids)
    called = set(_called(((id_, each.task.task_name) for id_, each in tasks.items()), name))
    return _in_order({id_: each for id_, each in tasks.items() if id_ in called})


def _called(names: Iterable[tuple[str, str]], wanted: str) -> list[str]:
    folded = wanted.casefold()
    near = [(id_, name) for id_, name in names if name.casefold() == folded]
    exact = [id_ for id_, name in near if name == wanted]
    return exact or [id_ for id_, _ in near]


def _in_order(records: dict[str, Record]) -> list[Record]:
    return [records[id_] for id_ in sorted(records)]
