"""What does a request mean that anybody sent? A command with its fields, or a line of text, also in HipChat's old form.

HipChat is gone, but what was built for it sends `room_message`:
https://developer.atlassian.com/server/hipchat/ ("Webhooks", version 2).
"""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request

from clockwire.model.errors import FieldInvalid
from clockwire.model.inbound_commands import LONGEST_NAME, Command, read_command
from clockwire.model.inbound_hook import InboundHook
from clockwire.model.spoken_commands import Spoken, read_spoken
from clockwire.model.values.text import check_text
from clockwire.operations.inbound_commands import Commands, Done
from clockwire.operations.inbound_sentences import sentence
from clockwire.operations.inbound_speech import obey
from clockwire.v1.records_pb2 import Record
from clockwire.web.inbound.asking import Asked
from clockwire.web.inbound.bodies import read_fields

_ID_HEADERS = ("webhook-id", "idempotency-key")
_TEXT_FIELDS = {"text", "user", "user_id", "user_name", "user_email"}


def read_generic(request: Request, body: bytes, hook: InboundHook) -> Asked:
    """What is asked. Raises FieldInvalid, HttpRefusal."""
    fields = dict(read_fields(request, body))
    delivery_id = _delivery_id(request, fields)
    if fields.get("event") == "room_message":
        return _of_room(fields, delivery_id)
    if "text" in fields:
        return Asked(delivery_id, _speech(fields))
    command = read_command(fields, hook.commands)
    return Asked(delivery_id, lambda commands: _answer(commands.run(command), commands))


def _delivery_id(request: Request, fields: dict[str, Any]) -> str:
    """What tells this delivery from others, if the sender says it: a header, or a field."""
    said = fields.pop("delivery_id", "")
    if not isinstance(said, str):
        raise FieldInvalid.of("delivery_id", "must be a text")
    return next((value for name in _ID_HEADERS if (value := request.headers.get(name, ""))), said)


def _speech(fields: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an operation
    unknown = next((name for name in fields if name not in _TEXT_FIELDS), None)
    if unknown is not None:
        raise FieldInvalid.of(unknown[:60], "is no field beside text, which goes with user alone")
    if not isinstance(fields["text"], str):
        raise FieldInvalid.of("text", "must be a text")
    spoken = read_spoken(fields["text"])
    named = [fields[name] for name in _TEXT_FIELDS - {"text"} if fields.get(name)]
    if len(named) > 1 or not all(isinstance(each, str) for each in named):
        raise FieldInvalid.of("user", "must be one text: the id, mail address or name of a user")
    return lambda commands: {"message": _obeyed(commands, spoken, named[0] if named else "")}


def _of_room(fields: Mapping[str, Any], delivery_id: str) -> Asked:
    message = _inner(_inner(fields, "item"), "message")
    text, author = message.get("message"), _inner(message, "from").get("name")
    if not isinstance(text, str) or not isinstance(author, str):
        raise FieldInvalid.of("item.message", "needs a message, and the name of whom it is from")
    spoken, known = read_spoken(text), message.get("id")

    def answer(commands: Commands) -> Mapping[str, Any]:
        said = _obeyed(commands, spoken, author)
        return {"color": "green", "message": said, "message_format": "text", "notify": False}

    return Asked(delivery_id or (known if isinstance(known, str) else ""), answer)


def _inner(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    if not isinstance(value, dict):
        raise FieldInvalid.of(name, "is needed, and holds fields")
    return value


def _obeyed(commands: Commands, spoken: Spoken, user: str) -> str:
    known = check_text("user", user.strip(), LONGEST_NAME)
    return obey(commands, spoken, commands.user(Command(event="task.track", user=known)))


def _answer(done: Done, commands: Commands) -> Mapping[str, Any]:
    ids = {
        "project_id": _id(done.project),
        "task_id": _id(done.task),
        "timer_id": done.timer.id if done.timer else "",
        "event_id": _id(done.time_log) or done.deleted_id,
    }
    said = {"event": done.event, "message": sentence(done, commands.transaction.now)}
    known = {name: id_ for name, id_ in ids.items() if id_}
    return {**said, **known, "created": list(done.created), "unchanged": done.unchanged}


def _id(record: Record | None) -> str:
    return record.id if record is not None else ""


def as_json(answer: Mapping[str, Any]) -> bytes:
    """The answer as it is sent, and kept for repeats."""
    return orjson.dumps(answer)
