"""What a hook of GitHub does: an issue is a task of a project named like its repository, and a comment may track it."""

from clockwire.model.errors import FieldInvalid
from clockwire.model.github_events import Issue, IssueEvent
from clockwire.model.inbound_commands import Command, Which
from clockwire.model.names import GITHUB_LOGIN
from clockwire.operations.inbound_commands import Commands
from clockwire.operations.inbound_sentences import sentence, status_sentence
from clockwire.operations.inbound_speech import speaker
from clockwire.operations.records import close_record, reopen_record
from clockwire.operations.timers import running_timer
from clockwire.v1.common_pb2 import RECORD_TYPE_TASK
from clockwire.v1.records_pb2 import Record, RecordKey

_NEEDED = {"opened": "task.add", "reopened": "task.add", "closed": "task.close"}
_NOTHING = "nothing to do"


def follow_github(commands: Commands, event: IssueEvent) -> str:
    """What came of it. Raises FieldInvalid, and whatever records and timers raise."""
    if event.what == "comment":
        return _obey_comment(commands, event)
    if _NEEDED[event.what] not in commands.hook.commands:
        return _NOTHING
    if event.what == "opened":
        task = _task(commands, event.issue)
        return f"the issue is the task {task.id}"
    known = commands.records.by_external_id(RECORD_TYPE_TASK, event.issue.external_id)
    if known is None:
        return _NOTHING
    change = close_record if event.what == "closed" else reopen_record
    change(commands.transaction, RecordKey(id=known.id))
    return f"the task {known.id} is {'closed' if event.what == 'closed' else 'open again'}"


def _obey_comment(commands: Commands, event: IssueEvent) -> str:
    """/track and /stop, of somebody who is known here, at the beginning of a comment."""
    words = event.text.split(maxsplit=1)
    wanted = {"/track": "task.track", "/stop": "task.stop"}.get(words[0].lower(), "")
    if wanted not in commands.hook.commands:
        return _NOTHING
    user, now = speaker(commands, GITHUB_LOGIN, event.login), commands.transaction.now
    if wanted == "task.stop":
        if running_timer(commands.transaction, user.id) is None:
            return status_sentence(None, now)
        return sentence(commands.run(Command(event=wanted, user=user.id)), now)
    task = _task(commands, event.issue)
    notes = words[1].splitlines()[0].strip() if len(words) > 1 else ""
    return sentence(commands.run(Command(event=wanted, user=user.id, task=Which(id=task.id), notes=notes)), now)


def _task(commands: Commands, issue: Issue) -> Record:
    """The issue's task, made if there is none. Raises FieldInvalid."""
    known = commands.records.by_external_id(RECORD_TYPE_TASK, issue.external_id)
    if known is not None:
        return known
    if not issue.repository:
        raise FieldInvalid.of("repository.name", "is needed")
    project = commands.records.project_or_new(Which(name=issue.repository, external_id=issue.repository_external_id))
    return commands.records.new_task(Which(name=issue.title, external_id=issue.external_id), project)
