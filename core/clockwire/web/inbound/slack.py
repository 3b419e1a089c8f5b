"""What does Slack ask? A slash command, whose answer one person sees.

https://docs.slack.dev/interactivity/implementing-slash-commands says what is sent and what may come back: status 200
within three seconds, whatever became of it, with a text that is shown to whoever typed the command.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from time import monotonic
from typing import Any

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from clockwire.model.errors import ClockwireError, FieldInvalid
from clockwire.model.inbound_hook import InboundHook
from clockwire.model.names import SLACK_USER_ID
from clockwire.model.spoken_commands import read_spoken
from clockwire.operations.inbound_commands import Commands
from clockwire.operations.inbound_speech import obey, speaker
from clockwire.web.inbound.asking import Asked
from clockwire.web.inbound.bodies import read_form

log = structlog.get_logger(__name__)

#: Slack shows an error after three; the network takes its share.
ANSWER_SECONDS = 2.5
_LATE = "This takes longer than usual. Ask /status in a moment to see what came of it."


def read_slack(_request: Request, body: bytes, _hook: InboundHook) -> Asked:
    """What is asked. Raises FieldInvalid."""
    fields = read_form(body)
    command, text, user_id = (_text(fields, name) for name in ("command", "text", "user_id"))
    spoken = read_spoken(f"{command} {_unescaped(text)}")

    def answer(commands: Commands) -> Mapping[str, Any]:
        return told(obey(commands, spoken, speaker(commands, SLACK_USER_ID, user_id), _bold))

    return Asked(_text(fields, "trigger_id"), answer)


def told(text: str) -> Mapping[str, Any]:
    """A text for the eyes of whoever typed the command."""
    return {"response_type": "ephemeral", "text": text}


def refuse_politely(error: ClockwireError) -> Response:
    """What stood in the way, as Slack shows it. Only for requests that Slack has signed."""
    return Response(orjson.dumps(told(escaped(_reason(error)))), media_type="application/json")


async def in_time(answering: Awaitable[Response], *, since: float, seconds: float = ANSWER_SECONDS) -> Response:
    """The answer, or word that it takes longer than this since then; what was begun is done all the same."""
    begun = asyncio.ensure_future(answering)
    done, _ = await asyncio.wait([begun], timeout=max(since + seconds - monotonic(), 0))
    if done:
        return begun.result()
    begun.add_done_callback(_note)
    return Response(orjson.dumps(told(_LATE)), media_type="application/json")


def _note(begun: "asyncio.Future[Response]") -> None:
    """What came too late to be told is in the log, if it went wrong."""
    error = None if begun.cancelled() else begun.exception()
    if error is not None:
        log.warning("slash command failed late", error=str(error)[:100])


def escaped(text: str) -> str:
    """The text without the three characters that mean something to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _bold(name: str) -> str:
    return f"*{escaped(name)}*"


def _reason(error: ClockwireError) -> str:
    if not isinstance(error, FieldInvalid):
        return f"That did not work: {error}."
    first = error.violations[0]
    if first.field == SLACK_USER_ID:
        return f"I do not know you yet: {first.description}, under {SLACK_USER_ID}."
    return f"I did not understand that: {first.field} {first.description}."


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""
