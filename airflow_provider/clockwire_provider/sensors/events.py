"""A task that waits for an event."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseSensorOperator, Context, PokeReturnValue, conf
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout

from clockwire_provider.hooks.clockwire import ClockwireHook
from clockwire_provider.task_instance import client_for

if TYPE_CHECKING:
    from clockwire.client import Client
    from clockwire.v1.events_pb2 import Event

#: How long after its deadline a trigger is given up that nobody runs.
_NO_TRIGGERER = timedelta(minutes=10)


class ClockwireEventSensor(BaseSensorOperator):
    """Waits for the first matching event after `start` and returns it, as a dictionary.

    Whether it pokes, reschedules or defers, the answer is the same: each look begins at `start`, a fixed place, and a
    fault that can pass is only a reason to go on waiting. So "latest" is refused: it would be another place at each
    look, and what happened between two looks would be lost.

    :param start: where reading begins: the cursor of an earlier write ("{{ ti.xcom_pull('create', key='cursor') }}"), a
        time ("{{ dag_run.start_date.isoformat() }}", by the server's clock), "consumer:NAME", or "earliest"
    :param event_types: which events, e.g. ["timelog.*", "project.closed"]; all if empty
    :param filter: more conditions, by the field names of EventFilter, e.g. {"record_ids": ["..."]}
    :param deferrable: wait in the triggerer, with no worker occupied and no delay between looks; the timeout is kept
        there too, and at least one look is made, however late the triggerer begins
    """

    template_fields: Sequence[str] = ("start", "event_types", "filter", "clockwire_conn_id")
    template_fields_renderers = {"filter": "json"}
    ui_color = "#e3f0e8"

    def __init__(
        self,
        *,
        start: str,
        event_types: Sequence[str] = (),
        filter: Mapping[str, Any] | None = None,  # noqa: A002
        clockwire_conn_id: str = ClockwireHook.default_conn_name,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_start(start)
        if deferrable and self.silent_fail:
            raise ValueError(
                "silent_fail has no meaning for a deferred task: leave one of silent_fail and deferrable out"
            )
        self.start = start
        self.event_types = event_types
        self.filter = filter
        self.clockwire_conn_id = clockwire_conn_id
        self.deferrable = deferrable

    def execute(self, context: Context) -> Any:
        """The event, once there is one."""
        try:
            _check_start(self.start)
        except ValueError as error:
            raise AirflowFailException(str(error)) from error
        return super().execute(context)

    def poke(self, context: Context) -> PokeReturnValue:
        """One look, from the start to the head of the log. A deferrable sensor leaves further ones to the triggerer."""
        from clockwire.client import errors, event_fields_of
        from clockwire.client.reading import PASSING

        with client_for(self, context) as client:
            try:
                event = self._first_event(client)
            except PASSING as error:
                self.log.warning("looking again later: %s", error)
                event = None
            except errors.ClockwireError as error:
                raise AirflowFailException(str(error)) from error
        if event is None and self.deferrable:
            self._wait_until(time.time() + self.timeout)
        return PokeReturnValue(event is not None, event_fields_of(event) if event is not None else None)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """The event that the trigger saw, read again: what passes through the triggerer is logged there."""
        from clockwire.client import event_fields_of
        from clockwire.client.reading import PASSING
        from clockwire.v1.event_service_pb2 import GetEventRequest

        if event["status"] == "timeout":
            raise AirflowSensorTimeout(f"no such event has come within the timeout of {self.timeout:g} seconds")
        if event["status"] != "found":
            raise AirflowFailException(event["message"])
        try:
            with client_for(self, context) as client:
                found = client.events.GetEvent(GetEventRequest(event_id=event["event_id"])).event
        except PASSING as error:
            self.log.warning("waiting again: %s", error)
            self._wait_until(event["deadline"])
        return event_fields_of(found)

    def _wait_until(self, deadline: float) -> NoReturn:
        """Wait in the triggerer, until that moment in seconds since the epoch.

        The trigger itself keeps the deadline. Airflow's own limit is for when no triggerer works at all: by that limit
        alone it would depend on how busy Airflow is whether an event that came in time is the answer.
        """
        from clockwire_provider.triggers.events import ClockwireEventTrigger

        self.defer(
            trigger=ClockwireEventTrigger(
                clockwire_conn_id=self.clockwire_conn_id,
                start=self.start,
                event_types=list(self.event_types),
                filter=dict(self.filter or {}),
                deadline=deadline,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(deadline - time.time(), 0.0)) + _NO_TRIGGERER,
        )

    def _first_event(self, client: "Client") -> "Event | None":
        place = self.start
        while True:
            page = client.pull(place, event_types=self.event_types, filter=self.filter, max_events=1)
            if page.events or page.caught_up:
                return page.events[0] if page.events else None
            place = page.cursor


def _check_start(start: str) -> None:
    if start == "latest":
        raise ValueError(
            'start="latest" would be another place at each look: give the cursor of an earlier write, or a time '
            'such as "{{ dag_run.start_date.isoformat() }}"'
        )
    if not start:
        raise ValueError("start is empty: a sensor is told where reading begins")
