"""What a running task tells the server about itself, and what it makes of the server's answers."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException

from clockwire_provider.hooks.clockwire import hook_of

if TYPE_CHECKING:
    from clockwire.client import Client

# A name space of our own for ids that are made from the names of task instances (RFC 9562, version 5).
_TASK_INSTANCES = uuid.UUID("6f0d3f5e-8f0b-5a0e-9d7c-2f6a5f6b7c11")
_MOST_CAUSATION_CHARACTERS = 64


@contextmanager
def client_for(task: Any, context: Context) -> "Iterator[Client]":
    """A client for the time of one task, its writes marked with the Dag as their cause.

    What no repetition can cure fails the task for good, without the retries that Airflow would make otherwise.
    """
    from clockwire.client import errors

    hopeless = (errors.InvalidInput, errors.OutOfRange, errors.CursorEpochChanged, errors.Unsupported, ValueError)
    try:
        with hook_of(task, causation_id_of(context)).get_conn() as client:
            yield client
    except hopeless as error:
        raise AirflowFailException(str(error)) from error


def request_id_of(context: Context) -> str:
    """The same UUID for every try of a task instance, so that a retry is the same request and not a second one."""
    ti = context["ti"]
    return str(uuid.uuid5(_TASK_INSTANCES, "/".join((ti.dag_id, ti.run_id, ti.task_id, str(ti.map_index)))))


def causation_id_of(context: Context) -> str:
    """`airflow:DAG_ID`, which the events of the task's writes carry; a Dag knows its own writes by it."""
    return f"airflow:{context['ti'].dag_id}"[:_MOST_CAUSATION_CHARACTERS]
