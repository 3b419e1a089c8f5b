"""A whole Airflow and a whole server, with events flowing, processes dying and people pausing."""

import json
import shutil
import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

import clockwire_provider
from examples.demo.airflow_stack import running_airflow
from tests.airflow_provider.conftest import connection_json
from tests.support.airflow_runs import runs, start_run
from tests.support.repository import ROOT
from tests.support.serving import running_server

pytestmark = [pytest.mark.alone, pytest.mark.timeout(900)]

DAGS = ROOT / "tests" / "support" / "airflow_dags"
EXAMPLES = Path(clockwire_provider.__file__).parent / "example_dags"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that these tests may kill."""
    folder = tmp_path_factory.mktemp("clockwire")
    with running_server(folder, "--allow-target", "127.0.0.0/8", "--log-level", "warning") as server:
        yield server


@pytest.fixture(scope="module")
def dags(tmp_path_factory):
    """The folder of Dags that Airflow reads: the examples, and those made for these tests."""
    folder = tmp_path_factory.mktemp("dags")
    for file in (*EXAMPLES.glob("*.py"), *DAGS.glob("*.py")):
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="module")
def airflow(server, dags, tmp_path_factory):
    """An Airflow that knows the server as `clockwire_default`."""
    from airflow import __version__

    template = ROOT / ".cache" / f"airflow-{__version__}.db"
    connections = {"clockwire_default": connection_json(server)}
    with running_airflow(tmp_path_factory.mktemp("airflow"), dags, connections=connections, template=template) as stack:
        for dag in ("ledger", "waiting", "example_clockwire_events", "example_clockwire_records"):
            stack.until(f"the Dag {dag} is known", partial(stack.call, "GET", f"/api/v2/dags/{dag}"))
        yield stack


@pytest.fixture
def ledger(airflow, client, dags):
    """What the Dag `ledger` has written down; its consumer exists."""
    airflow.until("the consumer exists", lambda: "ledger" in _consumers(client))
    return Ledger(airflow, dags)


def test_an_event_becomes_a_run_within_seconds(airflow, client, ledger):
    before = datetime.now(UTC)

    project = client.create("project", project_name="Website").record.id

    ledger.wait_for([project])
    # How long a run's process takes to start says how busy the machine is, and nothing of the event's way to Airflow.
    later = [run.queued_at for run in runs(airflow, "ledger") if run.queued_at > before]
    assert min(later, default=before) - before < timedelta(seconds=30)


def test_a_killed_triggerer_loses_and_doubles_nothing(airflow, client, ledger):
    projects = []
    for number in range(60):
        projects.append(client.create("project", project_name=str(number)).record.id)
        if number == 20:
            airflow.kill("triggerer")
        if number == 40:
            airflow.start("triggerer")
        time.sleep(0.1)

    ledger.wait_for(projects)


def test_a_killed_server_loses_and_doubles_nothing(server, client, ledger):
    before = [client.create("project", project_name="before").record.id for _ in range(5)]
    server.kill()
    server.start()
    after = [client.create("project", project_name="after").record.id for _ in range(5)]

    ledger.wait_for(before + after)


def test_a_paused_dag_gets_what_it_missed(airflow, client, ledger):
    airflow.call("PATCH", "/api/v2/dags/ledger", {"is_paused": True})
    projects = [client.create("project", project_name="while paused").record.id for _ in range(6)]
    airflow.call("PATCH", "/api/v2/dags/ledger", {"is_paused": False})

    ledger.wait_for(projects)


def test_a_run_that_failed_is_rung_for_again(airflow, client, dags, ledger):
    (dags / "FAIL").touch()
    project = client.create("project", project_name="Website").record.id
    airflow.until("a run has failed", lambda: runs(airflow, "ledger", state="failed"))
    (dags / "FAIL").unlink()

    ledger.wait_for([project])


def test_a_sensor_gives_the_same_answer_in_every_mode(airflow, client):
    acme = client.create("client", client_name="Acme")
    run = start_run(airflow, "waiting", {"start": acme.mutation.cursor})
    run.wait_for("deferred", "deferred")
    client.update("client", id=acme.record.id, city="Aachen")
    client.update("client", id=acme.record.id, city="Bonn")

    run.wait()

    run.check({"poke": "success", "reschedule": "success", "deferred": "success", "too_late": "skipped"})
    run.check_tries()
    answers = [run.returned(task) for task in ("poke", "reschedule", "deferred")]
    assert answers[0]["record"]["city"] == "Aachen"
    assert answers[0] == answers[1] == answers[2]


def test_the_example_that_writes_records_runs_to_its_end(airflow, client, accepting_endpoint):
    run = start_run(airflow, "example_clockwire_records", {"webhook_url": accepting_endpoint})

    run.wait()

    run.check(dict.fromkeys(run.states, "success"))
    project = run.returned("final")
    assert project["status"] == "Closed"
    assert client.get("client", external_id="crm-4711").id == project["client_id"]
    subscription = run.returned("subscription")
    variable = airflow.call("GET", "/api/v2/variables/clockwire_closed_projects_secret")
    assert subscription["secret_fingerprint"]
    assert variable["value"] == "***"


def test_the_example_that_writes_records_skips_the_webhook_that_nobody_named(airflow):
    run = start_run(airflow, "example_clockwire_records", {})

    run.wait()

    run.check({**dict.fromkeys(run.states, "success"), "subscription": "skipped"})


def test_the_example_that_reacts_to_events_runs_for_a_time_log(airflow, client):
    airflow.until("the consumer exists", lambda: "payroll" in _consumers(client))
    ada = client.create("user", user_name="Ada").record.id
    client.create("timelog", user_id=ada, date="2026-01-05", duration="1:30")

    (run,) = airflow.until("a run has ended", lambda: runs(airflow, "example_clockwire_events", state="success"))

    assert run.returned("book")["event_count"] == 1


def test_the_connection_form_is_the_one_that_was_declared(airflow):
    forms = {form["connection_type"]: form for form in airflow.call("GET", "/ui/connections/hook_meta")}

    form = forms["clockwire"]
    assert form["hook_name"] == "Clockwire"
    assert form["standard_fields"]["password"]["title"] == "API key"
    assert form["standard_fields"]["login"]["hidden"] is True
    assert {"tls", "ca_pem", "client_private_key_pem"} <= form["extra_fields"].keys()


def test_the_connection_is_tested_from_the_web(airflow, server):
    stored = json.loads(connection_json(server))
    tested = {**stored, "connection_id": "tested", "extra": json.dumps(stored["extra"])}

    good = airflow.call("POST", "/api/v2/connections/test", tested)
    bad = airflow.call("POST", "/api/v2/connections/test", {**tested, "password": "cw_live_wrong"})

    assert good["status"] is True
    assert "workspace 'acme'" in good["message"]
    assert bad == {"status": False, "message": bad["message"]}
    assert "does not accept the API key" in bad["message"]


def test_secrets_of_a_connection_are_not_shown(airflow, server):
    stored = json.loads(connection_json(server, client_private_key_pem="-----BEGIN PRIVATE KEY-----"))
    name = f"stored-{uuid.uuid4()}"
    airflow.call("POST", "/api/v2/connections", {**stored, "connection_id": name, "extra": json.dumps(stored["extra"])})

    shown = airflow.call("GET", f"/api/v2/connections/{name}")

    assert shown["password"] == "***"
    assert json.loads(shown["extra"])["client_private_key_pem"] == "***"


class Ledger:
    """The file that the Dag writes into."""

    def __init__(self, airflow, dags):
        self._airflow = airflow
        self._file = dags / "ledger.jsonl"

    def wait_for(self, record_ids):
        """Each of these has been written down, exactly once."""
        self._airflow.until("all are written down", lambda: set(record_ids) <= set(self._written()))
        assert [self._written().count(each) for each in record_ids] == [1] * len(record_ids)

    def _written(self):
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return [json.loads(line)[1] for line in lines]


def _consumers(client):
    from clockwire.v1.consumer_service_pb2 import ListConsumersRequest

    return {each.name for each in client.consumers.ListConsumers(ListConsumersRequest()).consumers}
