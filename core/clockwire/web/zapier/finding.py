"""How a Zap's searches find clients, projects, tasks and time entries.

See https://docs.timetracker.in/api-reference/integrations/zapier/find, a page each.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

import orjson
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clockwire.api.callers import caller
from clockwire.api.calls import Call, Method
from clockwire.api.scopes import Access
from clockwire.model.values import check_id
from clockwire.operations.searching import search
from clockwire.operations.surroundings import Around, around_in
from clockwire.v1 import common_pb2
from clockwire.v1.records_pb2 import Record
from clockwire.web.framing import keyed
from clockwire.web.parts import Parts
from clockwire.web.zapier import answers
from clockwire.web.zapier.asking import Asked, asked
from clockwire.web.zapier.refusals import refuse

#: A Zap goes on with the first; the others show its user that there is a choice.
MOST_FOUND: Final = 25

_IDS = {"team_member_id": "user_id", "project_id": "project_id", "task_id": "task_id"}
_FLAGS = ("billable", "manually_entered")
_TIMES = ("start_time", "end_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What can be looked for."""

    type: "common_pb2.RecordType.ValueType"
    #: The field of the request that holds the text, and that of the record.
    field: str = "name"
    path: str
    show: Callable[[Record, Around], answers.Answer]


_KINDS: Mapping[str, _Kind] = {
    "clients": _Kind(type=common_pb2.RECORD_TYPE_CLIENT, path="client_name", show=answers.client_answer),
    "projects": _Kind(type=common_pb2.RECORD_TYPE_PROJECT, path="project_name", show=answers.project_answer),
    "tasks": _Kind(type=common_pb2.RECORD_TYPE_TASK, path="task_name", show=answers.task_answer),
    "time-entries": _Kind(
        type=common_pb2.RECORD_TYPE_TIME_LOG, field="description", path="description", show=answers.entry_answer
    ),
}


def routes(parts: Parts, prefix: str) -> Sequence[BaseRoute]:
    """GET or POST, for each kind."""
    method = Method("Zapier/Find", Access(scope="records.read"))
    return [
        Route(
            f"{prefix}/triggers/{name}/find",
            keyed(parts.calls, method, _Find(parts, kind).answer, refuse=refuse),
            methods=["GET", "POST"],
        )
        for name, kind in _KINDS.items()
    ]


class _Find:
    """Records of one kind."""

    def __init__(self, parts: Parts, kind: _Kind) -> None:
        self._parts = parts
        self._kind = kind

    async def answer(self, request: Request, _call: Call) -> Response:
        """An array of what was found, the best first; empty if nothing was."""
        wanted = await asked(request)
        wanted.need("workspace_id", *(["name"] if self._kind.field == "name" else []))
        wanted.workspace()
        part = wanted.text(self._kind.field)
        filter_ = "" if self._kind.field == "name" else _filter(wanted)
        wanted.check()
        found = await self._parts.database.read(_found, caller().workspace_id, self._kind, part, filter_)
        return Response(orjson.dumps(found), media_type="application/json")


def _found(connection: Connection, workspace_id: str, kind: _Kind, part: str, filter_: str) -> list[answers.Answer]:
    around = around_in(connection, workspace_id)
    records = search(connection, workspace_id, kind.type, path=kind.path, part=part, filter_=filter_, limit=MOST_FOUND)
    return [kind.show(record, around) for record in records]


def _filter(wanted: Asked) -> str:
    """Which time entries are looked through. Raises FieldInvalid for what is no id."""
    conditions = [f'{path} = "{check_id(name, id_)}"' for name, path in _IDS.items() if (id_ := wanted.id(name))]
    for name in _FLAGS:
        flag = wanted.flag(name)
        if flag is not None:
            conditions.append(f"{name} = {str(flag).lower()}")
    for prefix, path, is_day in (("date", "date", True), *((each, each, False) for each in _TIMES)):
        for suffix, operator in (("after", ">="), ("before", "<=")):
            moment = wanted.moment(f"{prefix}_{suffix}", zoned=not is_day)
            if moment is not None:
                shown = moment.date().isoformat() if is_day else moment.astimezone(UTC).isoformat()
                conditions.append(f'{path} {operator} "{shown}"')
    return " AND ".join(conditions)
