"""A Dag that runs whenever time was logged, and works off what was logged, each event once.

Needs a connection `clockwire_default` of type Clockwire whose key has the scope events.read.
"""
# mypy: disable-error-code="call-arg, arg-type"

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from clockwire_provider.assets import clockwire_asset

# The consumer "payroll" keeps this Dag's place in the event log, in Clockwire and not in Airflow, so that neither a new
# Airflow database nor a long pause loses an event. It begins with what happens from now on.
time_logs = clockwire_asset("payroll", start="latest", event_types=["timelog.*"])


@dag(
    dag_id="example_clockwire_events",
    schedule=[time_logs],
    # One drain at a time: two would read the same page.
    max_active_runs=1,
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    tags=["example", "clockwire"],
    doc_md=__doc__,
)
def example_clockwire_events() -> None:
    # The function is called once for each page of events; when it returns, the page is done for good. If it raises, or
    # the worker dies, the same page comes again: hence what it writes should be keyed by the event's id.
    @task.clockwire_events(asset=time_logs, page_size=200)
    def book(events: list[dict[str, Any]]) -> dict[str, str]:
        booked = {}
        for event in events:
            log = event["record"]  # None once a time log was deleted
            booked[event["id"]] = f"{event['type']} {log['user_name']} {log['duration']}" if log else event["type"]
            print(f"{event['sequence']}: {booked[event['id']]}")
        return booked

    # Runs only if there was something: a drain that finds no event is skipped, and what follows it with it.
    @task
    def summarise(drained: dict[str, Any]) -> None:
        print(f"{drained['event_count']} events in {drained['page_count']} pages")

    summarise(book())


example_clockwire_events()
