"""How a hook obeys what a person wrote: whose words they are, and what comes of them."""

from clockwire.model.errors import FieldInvalid
from clockwire.model.inbound_commands import Command, Which
from clockwire.model.spoken_commands import Spoken
from clockwire.operations.inbound_commands import Commands
from clockwire.operations.inbound_sentences import Mark, sentence, status_sentence
from clockwire.operations.timers import running_timer
from clockwire.v1.records_pb2 import Record

_EVENTS = {"track": "task.track", "stop": "task.stop"}


def obey(commands: Commands, spoken: Spoken, user: Record, mark: Mark = str) -> str:
    """What came of it, in a sentence. Raises FieldInvalid, and whatever timers raise."""
    now = commands.transaction.now
    if spoken.verb == "status":
        _check_allowed(commands, "task.track", "task.stop")
        return status_sentence(running_timer(commands.transaction, user.id), now, mark)
    event = _EVENTS[spoken.verb]
    _check_allowed(commands, event)
    if spoken.verb == "stop" and running_timer(commands.transaction, user.id) is None:
        return status_sentence(None, now, mark)
    command = Command(event=event, user=user.id, task=Which(name=spoken.task), project=Which(name=spoken.project))
    return sentence(commands.run(command), now, mark)


def speaker(commands: Commands, field: str, value: str) -> Record:
    """The user that somebody elsewhere is, as the custom *field* of that user says. Raises FieldInvalid.

    Nobody is known by a name that anybody may give himself. A personal hook obeys its own user alone.
    """
    found = commands.records.users_linked(field, value) if value else []
    if len(found) != 1:
        problem = "nobody has" if not found else f"{len(found)} users have"
        raise FieldInvalid.of(field, f"{problem} {value[:60]!r} among the custom fields of the user in Clockwire")
    if commands.hook.user_id not in ("", found[0].id):
        raise FieldInvalid.of(field, "belongs to another user than the one for whom this hook is")
    return found[0]


def _check_allowed(commands: Commands, *events: str) -> None:
    if not set(events) & set(commands.hook.commands):
        raise FieldInvalid.of(
            "text", f"asks for what this hook does not do: it takes {', '.join(commands.hook.commands)}"
        )
