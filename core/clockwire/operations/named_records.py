"""Which records does a request from outside mean? Found by id, external id or name; projects and tasks also made.

What is open comes before what is closed. A name that several open ones have is refused: nobody here can be asked.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from clockwire.model.errors import FieldInvalid, RecordNotFound
from clockwire.model.identifiers import is_id
from clockwire.model.inbound_commands import Which
from clockwire.model.names import linked
from clockwire.model.record_types import RECORD_TYPES
from clockwire.model.unique_values import email_of
from clockwire.operations.reading import find_records, missing
from clockwire.operations.records import create_record
from clockwire.storage.records import select_holders
from clockwire.storage.transaction import Transaction
from clockwire.storage.words import select_called
from clockwire.v1.common_pb2 import RECORD_TYPE_PROJECT, RECORD_TYPE_TASK, RECORD_TYPE_USER, RecordType
from clockwire.v1.records_pb2 import PROJECT_STATUS_CLOSED, TASK_STATUS_CLOSED, Project, Record, RecordKey, Task


class NamedRecords:
    """The records of a workspace, as an operation looks for them."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection: Connection = transaction.connection
        self._workspace_id = transaction.workspace.id
        #: What was made because there was none: "project", "task".
        self.created: list[str] = []

    def project(self, which: Which) -> Record | None:
        """The project that is meant, None if no such name is known. Raises RecordNotFound, FieldInvalid."""
        if which.id or (which.external_id and not which.name):
            return self._keyed(RECORD_TYPE_PROJECT, which)
        found = self.by_external_id(RECORD_TYPE_PROJECT, which.external_id)
        return found or self._one(self._projects(which.name), "project")

    def task(self, which: Which, project: Record | None) -> Record | None:
        """The task that is meant, of a project if one is given; else as `project`."""
        if which.id or (which.external_id and not which.name):
            return self._keyed(RECORD_TYPE_TASK, which)
        found = self.by_external_id(RECORD_TYPE_TASK, which.external_id)
        return found or self._one(self._tasks(which.name, project), "task")

    def project_or_new(self, which: Which) -> Record:
        """The project that is meant, made if no such name is known."""
        return self.project(which) or self.new_project(which)

    def new_project(self, which: Which, notes: str = "") -> Record:
        """A project of this name."""
        body = Project(project_name=which.name, description=notes)
        return self._create(Record(external_id=which.external_id, project=body), "project")

    def new_task(self, which: Which, project: Record, notes: str = "") -> Record:
        """A task of this name."""
        body = Task(task_name=which.name, project_id=project.id, description=notes)
        return self._create(Record(external_id=which.external_id, task=body), "task")

    def user(self, text: str) -> Record:
        """The user of an id, a mail address or a name. Raises FieldInvalid, RecordNotFound."""
        if is_id(text):
            return self._keyed(RECORD_TYPE_USER, Which(id=text))
        found = self._mailed(text) or _nearest(self._called("user_name", text), text)
        if not found:
            raise FieldInvalid.of("user", f"no user has the id, mail address or name {text!r}")
        if len(found) > 1:
            raise FieldInvalid.of("user", f"{len(found)} users are called {text!r}: name one by its id or mail address")
        return found[0]

    def user_by_id(self, id_: str) -> Record:
        """The user of an id. Raises RecordNotFound, RecordDeleted."""
        return self._keyed(RECORD_TYPE_USER, Which(id=id_))

    def users_linked(self, field: str, value: str) -> Sequence[Record]:
        """The users whose custom field says that they are somebody elsewhere; without regard to case."""
        return self._called(linked(field), value)

    def by_external_id(self, type_: "RecordType.ValueType", external_id: str) -> Record | None:
        """The record of a type with this external id, if there is one."""
        return self._find(RecordKey(type=type_, external_id=external_id)) if external_id else None

    def _mailed(self, address: str) -> Sequence[Record]:
        """The user with this mail address, which no other has."""
        value = email_of(address)
        holder = select_holders(self._connection, self._workspace_id, [value]).get(value) if "@" in address else None
        return [self.user_by_id(holder)] if holder else ()

    def _projects(self, name: str) -> Sequence[Record]:
        return _nearest(self._called("project_name", name), name)

    def _tasks(self, name: str, project: Record | None) -> Sequence[Record]:
        return _nearest(self._called("task_name", name, project), name)

    def _called(self, field: str, word: str, project: Record | None = None) -> Sequence[Record]:
        within = ("project_id", project.id) if project else None
        return select_called(self._connection, self._workspace_id, field, word, within=within)

    def _one(self, found: Sequence[Record], noun: str) -> Record | None:
        """The open one if there is one, else the newest."""
        open_ = [each for each in found if not _is_closed(each)]
        if len(open_) > 1:
            ids = ", ".join(each.id for each in open_[:5])
            raise FieldInvalid.of(f"{noun}_name", f"{len(open_)} open {noun}s are called so: say {noun}_id, of {ids}")
        chosen = (open_ or found)[-1:]
        return self._labelled(chosen[0].id, chosen[0].type) if chosen else None

    def _keyed(self, type_: "RecordType.ValueType", which: Which) -> Record:
        token = RECORD_TYPES[type_].token
        if which.id and not is_id(which.id):
            raise RecordNotFound(token, which.id)
        key = RecordKey(type=type_, id=which.id) if which.id else RecordKey(type=type_, external_id=which.external_id)
        found = self._find(key)
        if found is None:
            raise missing(self._connection, self._workspace_id, key)
        return found

    def _labelled(self, id_: str, type_: "RecordType.ValueType") -> Record | None:
        return self._find(RecordKey(type=type_, id=id_))

    def _find(self, key: RecordKey) -> Record | None:
        [found] = find_records(self._connection, self._workspace_id, [key])
        return found

    def _create(self, record: Record, noun: str) -> Record:
        created = create_record(self._transaction, record).record
        assert created is not None
        self.created.append(noun)
        return created


def _is_closed(record: Record) -> bool:
    if record.type == RECORD_TYPE_PROJECT:
        return record.project.status == PROJECT_STATUS_CLOSED
    return record.task.status == TASK_STATUS_CLOSED


def _nearest(found: Sequence[Record], name: str) -> Sequence[Record]:
    """Those that are called just so; if there are none, all that are but for case."""
    return [each for each in found if _name_of(each) == name] or found


def _name_of(record: Record) -> str:
    return record.project.project_name or record.task.task_name or record.user.user_name
