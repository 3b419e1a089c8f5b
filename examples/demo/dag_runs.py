"""What Airflow did because of the events: its Dag runs, and what their tasks printed."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_stack import AirflowStack

DAG = "example_clockwire_events"
CONSUMER = "payroll"

_TASK = "book"


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRun:
    """A run that has ended, and when its first task began."""

    id: str
    state: str
    #: In seconds since 1970.
    start_time: float
    end_time: float
    #: The lines that the task printed about events.
    printed: tuple[str, ...]


def wait_for_run(airflow: AirflowStack, event_id: str, *, seconds: float) -> DagRun:
    """The first ended run whose task worked the event off. TimeoutError if there is none in time."""
    return airflow.until("a Dag run worked the event off", lambda: _run_about(airflow, event_id), seconds=seconds)


def _run_about(airflow: AirflowStack, event_id: str) -> DagRun | None:
    for run in airflow.call("GET", f"/api/v2/dags/{DAG}/dagRuns")["dag_runs"]:
        booked = _result(airflow, run["dag_run_id"])
        if run["state"] == "success" and event_id in str(booked):
            return _dag_run(airflow, run)
    return None


def _result(airflow: AirflowStack, run_id: str) -> Any:  # noqa: ANN401 - whatever the Dag's function returned
    entries = airflow.call("GET", f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/{_TASK}/xcomEntries")
    if not entries["total_entries"]:
        return None
    path = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/{_TASK}/xcomEntries/return_value"
    return airflow.call("GET", path)["value"]


def _dag_run(airflow: AirflowStack, run: dict[str, Any]) -> DagRun:
    run_id = run["dag_run_id"]
    task = airflow.call("GET", f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/{_TASK}")
    logs = airflow.call("GET", f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/{_TASK}/logs/1?full_content=true")
    events = [str(entry.get("event", "")) for entry in logs["content"] if isinstance(entry, dict)]
    return DagRun(
        id=run_id,
        state=run["state"],
        start_time=_seconds(task["start_date"]),
        end_time=_seconds(task["end_date"]),
        printed=tuple(event for event in events if re.match(r"\d+: ", event)),
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
