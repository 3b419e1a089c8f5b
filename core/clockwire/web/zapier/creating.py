"""How a Zap's actions create clients, projects, tasks and time entries.

See https://docs.timetracker.in/api-reference/integrations/zapier/create, a page each.
"""

from collections.abc import Callable, Mapping, Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clockwire.api.callers import caller
from clockwire.api.calls import Call, Method
from clockwire.api.scopes import Access
from clockwire.operations.records import create_record
from clockwire.operations.surroundings import Around
from clockwire.storage.transaction import Transaction
from clockwire.v1.records_pb2 import Record
from clockwire.web.framing import keyed
from clockwire.web.parts import Parts
from clockwire.web.zapier import answers, drafting
from clockwire.web.zapier.asking import Asked, asked_in_body
from clockwire.web.zapier.refusals import refuse

Draft = Callable[[Asked], Record]
Show = Callable[[Record, Around], answers.Answer]

_KINDS: Mapping[str, tuple[Draft, Show]] = {
    "clients": (drafting.client, answers.new_client_answer),
    "projects": (drafting.project, answers.project_answer),
    "tasks": (drafting.task, answers.task_answer),
    "time-entries": (drafting.time_entry, answers.entry_answer),
}


def routes(parts: Parts, prefix: str) -> Sequence[BaseRoute]:
    """POST one for each kind."""
    method = Method("Zapier/Create", Access(scope="records.write"))
    return [
        Route(
            f"{prefix}/triggers/{kind}",
            keyed(parts.calls, method, _Create(parts, draft, show).answer, refuse=refuse),
            methods=["POST"],
        )
        for kind, (draft, show) in _KINDS.items()
    ]


class _Create:
    """A new record of one kind."""

    def __init__(self, parts: Parts, draft: Draft, show: Show) -> None:
        self._parts = parts
        self._draft = draft
        self._show = show

    async def answer(self, request: Request, _call: Call) -> Response:
        """The record, as it is stored."""
        record = self._draft(await asked_in_body(request))

        def create(transaction: Transaction) -> bytes:
            created = create_record(transaction, record).record
            assert created is not None
            return orjson.dumps(self._show(created, Around(transaction.connection, transaction.workspace)))

        written = await self._parts.writer.write(create, caller())
        return Response(written.result, 201, media_type="application/json")
