"""Where a record stands: its project, task and subproject, which must fit together, and whose currency it takes."""

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from clockwire.model.errors import HierarchyInvalid
from clockwire.model.rules.change import Change
from clockwire.v1.records_pb2 import Category, Client, Project, Subproject, Task, User

Placed = Change[Any]
M = TypeVar("M", bound=Message)


def _body_at(field: str, name: str, nothing: M) -> Callable[[Placed], M]:
    """Looks up the body, called *name*, of the record that a field refers to, *nothing* if it refers to none."""

    def find(change: Placed) -> M:
        found: M | None = change.targets.get(field)
        if found is None:
            record = change.around.find(getattr(change.body, field))
            found = change.targets[field] = getattr(record, name) if record is not None else nothing
        return found

    return find


# Of a change: the bodies of the records that it refers to, empty ones where it refers to none.
project_of = _body_at("project_id", "project", Project())
task_of = _body_at("task_id", "task", Task())
subproject_of = _body_at("subproject_id", "subproject", Subproject())
user_of = _body_at("user_id", "user", User())
category_of = _body_at("category_id", "category", Category())
client_of = _body_at("client_id", "client", Client())


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
