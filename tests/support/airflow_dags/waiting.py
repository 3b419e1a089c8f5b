"""A Dag that waits for the same event in three ways, and asks a fourth time until it gives up.

Airflow loses a task whose process ends late, when the task has been queued again by then: it takes the end of the
earlier process for that of the later one, and fails the task (apache/airflow#71172, apache/airflow#72716). On a busy
machine that happens, so it is tried again here. Airflow does not try again what a sensor itself has decided.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag

from clockwire_provider.sensors.events import ClockwireEventSensor

START = "{{ dag_run.conf['start'] }}"
RETRIES = {"retries": 5, "retry_delay": timedelta(seconds=1)}


@dag(dag_id="waiting", schedule=None, catchup=False, default_args=RETRIES)
def waiting() -> None:
    """Independent sensors. None of the first three has a timeout that can pass while a test waits for it."""
    wanted: dict[str, Any] = {"start": START, "event_types": ["client.updated"], "timeout": 3600}
    ClockwireEventSensor(task_id="poke", poke_interval=1, **wanted)
    ClockwireEventSensor(task_id="reschedule", mode="reschedule", poke_interval=5, **wanted)
    ClockwireEventSensor(task_id="deferred", deferrable=True, **wanted)
    ClockwireEventSensor(
        task_id="too_late", deferrable=True, soft_fail=True, start=START, event_types=["invoice.*"], timeout=2
    )


waiting()
