"""Where a record stands: its project, task and subproject, which must fit together, and whose currency it takes."""

from typing import Any

from clockwire.model.errors import HierarchyInvalid
from clockwire.model.rules.change import Change
from clockwire.v1.records_pb2 import Category, Client, Project, Subproject, Task, User

Placed = Change[Any]

_NO_PROJECT = Project()
_NO_TASK = Task()
_NO_SUBPROJECT = Subproject()
_NO_USER = User()
_NO_CATEGORY = Category()
_NO_CLIENT = Client()


def project_of(change: Placed) -> Project:
    """The record's project; an empty one if there is none."""
    record = change.around.find(change.body.project_id)
    return record.project if record is not None else _NO_PROJECT


def task_of(change: Placed) -> Task:
    """The record's task; an empty one if there is none."""
    record = change.around.find(change.body.task_id)
    return record.task if record is not None else _NO_TASK


def subproject_of(change: Placed) -> Subproject:
    """The record's subproject; an empty one if there is none."""
    record = change.around.find(change.body.subproject_id)
    return record.subproject if record is not None else _NO_SUBPROJECT


def user_of(change: Placed) -> User:
    """The record's user; an empty one if there is none."""
    record = change.around.find(change.body.user_id)
    return record.user if record is not None else _NO_USER


def category_of(change: Placed) -> Category:
    """The record's category; an empty one if there is none."""
    record = change.around.find(change.body.category_id)
    return record.category if record is not None else _NO_CATEGORY


def client_of(change: Placed) -> Client:
    """The record's client; an empty one if there is none."""
    record = change.around.find(change.body.client_id)
    return record.client if record is not None else _NO_CLIENT


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
