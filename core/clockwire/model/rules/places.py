"""Where a record stands: its project, task and subproject, which must fit together, and whose currency it takes."""

from typing import Any

from google.protobuf.message import Message

from clockwire.model.errors import HierarchyInvalid
from clockwire.model.rules.change import Change
from clockwire.v1.records_pb2 import Category, Client, Project, Subproject, Task, User

Placed = Change[Any]

_NONE: dict[str, Message] = {
    "project": Project(),
    "task": Task(),
    "subproject": Subproject(),
    "user": User(),
    "category": Category(),
    "client": Client(),
}


def project_of(change: Placed) -> Project:
    """The record's project; an empty one if there is none."""
    project: Project = _body(change, "project", change.body.project_id)
    return project


def task_of(change: Placed) -> Task:
    """The record's task; an empty one if there is none."""
    task: Task = _body(change, "task", change.body.task_id)
    return task


def subproject_of(change: Placed) -> Subproject:
    """The record's subproject; an empty one if there is none."""
    subproject: Subproject = _body(change, "subproject", change.body.subproject_id)
    return subproject


def user_of(change: Placed) -> User:
    """The record's user; an empty one if there is none."""
    user: User = _body(change, "user", change.body.user_id)
    return user


def category_of(change: Placed) -> Category:
    """The record's category; an empty one if there is none."""
    category: Category = _body(change, "category", change.body.category_id)
    return category


def client_of(change: Placed) -> Client:
    """The record's client; an empty one if there is none."""
    client: Client = _body(change, "client", change.body.client_id)
    return client


def project_of_task(change: Placed) -> str:
    """The project of the record's task; without a task the project stays."""
    return task_of(change).project_id or str(change.body.project_id)


def client_of_project(change: Placed) -> str:
    """The client of the record's project."""
    return project_of(change).client_id


def currency_of_project(change: Placed) -> str:
    """The currency of the record's project, else of the workspace."""
    return project_of(change).currency or change.around.workspace.currency


def currency_of_client(change: Placed) -> str:
    """The currency of the record's client, else of the workspace."""
    return client_of(change).currency or change.around.workspace.currency


def check_task(change: Placed) -> None:
    """The task belongs to the record's project."""
    task = change.body.task_id
    if task and task_of(change).project_id != change.body.project_id:
        raise HierarchyInvalid(change.path("task_id"), f"task {task} belongs to another project")


def check_subproject(change: Placed) -> None:
    """The subproject belongs to the record's project."""
    subproject = change.body.subproject_id
    if subproject and subproject_of(change).project_id != change.body.project_id:
        raise HierarchyInvalid(change.path("subproject_id"), f"subproject {subproject} belongs to another project")


def _body(change: Placed, kind: str, id_: str) -> Any:  # noqa: ANN401 - the callers know which
    record = change.around.find(id_) if id_ else None
    return getattr(record, kind) if record else _NONE[kind]
