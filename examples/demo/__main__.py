"""`make demo`: the whole mission, seen to happen on this machine.

Starts a Clockwire on a SQLite file and a real Airflow, logs an hour and a half of work over gRPC, and shows what comes
of it: the events in the log, the signed webhook verified by a library that is not ours, and the Dag run that the time
log caused. Ends with 0 only if all of that was seen; everything it started has ended by then.
"""

import shutil
import sys
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from airflow_stack import AirflowStack, running_airflow
from clockwire_server import ClockwireServer, running_clockwire
from connection import connection_to
from dag_runs import CONSUMER, DAG, DagRun, wait_for_run
from receiver import Inbox, Received, running_receiver
from show import detail, heading, line, verdict
from work import Work, log_some_work, subscribe

import clockwire_provider
from clockwire.client import Client
from clockwire.client.errors import NotFound
from clockwire.v1.consumer_service_pb2 import GetConsumerRequest
from clockwire.v1.events_pb2 import Event

CACHE = Path(__file__).parents[2] / ".cache"
FOLDER = CACHE / "demo"


def main() -> int:
    """0 if everything was seen to happen."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    heading("Starting")
    with ExitStack() as stack:
        server = stack.enter_context(running_clockwire(FOLDER / "clockwire"))
        line(f"Clockwire listens on {server.address}, workspace {server.workspace_id}")
        inbox = Inbox()
        url = stack.enter_context(running_receiver(inbox))
        line(f"a subscriber waits at {url}")
        airflow = stack.enter_context(_airflow(server))
        line(f"Airflow is healthy at {airflow.address}")
        client = stack.enter_context(Client(server.address, api_key=server.api_key, plaintext=True))
        _wait_for_consumer(client, airflow)
        return _show(client, airflow, inbox, url)


def _airflow(server: ClockwireServer) -> AbstractContextManager[AirflowStack]:
    """A real Airflow with the provider's example Dag, and a connection to the server."""
    dags = FOLDER / "dags"
    dags.mkdir(parents=True)
    shutil.copy(Path(clockwire_provider.__path__[0]) / "example_dags" / f"{DAG}.py", dags)
    line("Airflow starts: API server, scheduler, Dag processor, triggerer (this takes a while)")
    connections = {"clockwire_default": connection_to(server)}
    return running_airflow(FOLDER / "airflow", dags, connections=connections, template=CACHE / "airflow-template.db")


def _wait_for_consumer(client: Client, airflow: AirflowStack) -> None:
    """Until the Dag's watcher has made its consumer: from then on the Dag misses nothing."""

    def found() -> bool:
        try:
            return bool(client.consumers.GetConsumer(GetConsumerRequest(name=CONSUMER)).consumer)
        except NotFound:
            return False

    airflow.until("the Dag's watcher watches", found, seconds=90)
    line(f"the Dag {DAG} watches the log, as consumer {CONSUMER!r}")


def _show(client: Client, airflow: AirflowStack, inbox: Inbox, url: str) -> int:
    """Work is logged, and all that should come of it is looked for."""
    heading("Logging work over gRPC")
    inbox.secret = subscribe(client, url)
    work = log_some_work(client)
    heading("The event log")
    events = _show_events(client, work)
    heading("The webhooks")
    received = _show_webhooks(inbox, events)
    heading("The Dag run")
    run = _show_run(airflow, events[-1])
    heading("Was all of it seen?")
    seen = [
        verdict("every change is an event in the log, in order", holds=[each.id for each in events] == work.event_ids),
        verdict(
            "every event was POSTed", holds={each.headers["webhook-id"] for each in received} == set(work.event_ids)
        ),
        verdict(
            "every POST verified: Standard Webhooks' library, and Standard Time's recipe",
            holds=bool(received) and all(each.verified for each in received),
        ),
        verdict("the time log caused a Dag run, which worked it off", holds=run is not None and bool(run.printed)),
    ]
    print(f"\n  All files and logs: {FOLDER}\n")
    return 0 if all(seen) else 1


def _show_events(client: Client, work: Work) -> list[Event]:
    events = list(client.pull(work.cursor).events)
    for event in events:
        line(f"{event.sequence}  {event.type:18} {event.record_id}")
    return events


def _show_webhooks(inbox: Inbox, events: list[Event]) -> list[Received]:
    received = inbox.wait_for(len(events), seconds=30)
    commits = {event.id: event.commit_time.ToMicroseconds() / 1e6 for event in events}
    for each in received:
        milliseconds = (each.time - commits[each.headers["webhook-id"]]) * 1000
        line(f"POST {each.payload['event']:18} {milliseconds:.1f} ms after its commit")
    if received:
        for name in ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature", "x-st-webhook-signature"):
            detail(name, received[-1].headers.get(name))
        detail("body", received[-1].body.decode()[:100] + "...")
        detail("standardwebhooks says", "verified" if received[-1].by_standard_webhooks else "NOT VERIFIED")
        detail("Standard Time's recipe", "verified" if received[-1].by_standard_time else "NOT VERIFIED")
    return received


def _show_run(airflow: AirflowStack, event: Event) -> DagRun | None:
    try:
        run = wait_for_run(airflow, event.id, seconds=90)
    except TimeoutError as error:
        line(f"none: {error}")
        return None
    commit_time = event.commit_time.ToMicroseconds() / 1e6
    line(f"run {run.id}: {run.state}")
    for each in run.printed:
        detail("its task printed", each)
    detail("the task began", f"{run.start_time - commit_time:.2f} s after the commit")
    detail("and had ended", f"{run.end_time - commit_time:.2f} s after the commit")
    return run


if __name__ == "__main__":
    begin = time.monotonic()
    code = main()
    line(f"done in {time.monotonic() - begin:.0f} s")
    sys.exit(code)
