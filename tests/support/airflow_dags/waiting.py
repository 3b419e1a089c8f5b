"""A Dag that waits for the same event in three ways, and asks a fourth time until it gives up."""

from typing import Any

from airflow.sdk import dag

from clockwire_provider.sensors.events import ClockwireEventSensor

START = "{{ dag_run.conf['start'] }}"


@dag(dag_id="waiting", schedule=None, catchup=False)
def waiting() -> None:
    """Independent sensors."""
    wanted: dict[str, Any] = {"start": START, "event_types": ["client.updated"], "poke_interval": 1, "timeout": 120}
    ClockwireEventSensor(task_id="poke", **wanted)
    ClockwireEventSensor(task_id="reschedule", mode="reschedule", **wanted)
    ClockwireEventSensor(task_id="deferred", deferrable=True, **wanted)
    ClockwireEventSensor(
        task_id="too_late", deferrable=True, soft_fail=True, start=START, event_types=["invoice.*"], timeout=2
    )


waiting()
