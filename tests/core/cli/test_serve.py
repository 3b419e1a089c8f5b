"""The server as a program: ready, stopped, killed, refused; and the commands beside it."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from clockwire.cli.databases import opened
from clockwire.client import Client
from clockwire.client.errors import ServerDraining
from clockwire.model.api_key import SCOPES
from clockwire.model.instants import system_clock
from clockwire.settings import Address
from clockwire.v1.account_service_pb2 import GetCallerRequest, GetServerInfoRequest
from clockwire.v1.event_service_pb2 import WatchEventsRequest
from clockwire.v1.events_pb2 import EventStart
from tests.support.http import exchange
from tests.support.server import new_key, new_workspace
from tests.support.serving import PROGRAM

LATEST = EventStart(position=EventStart.POSITION_LATEST)


@dataclass(frozen=True)
class Program:
    """The program on a database of its own."""

    folder: Path
    url: str

    def run(self, *arguments, **variables):
        """What came of a command."""
        return subprocess.run(
            [PROGRAM, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.folder,
            env=self.environment(variables),
            check=False,
        )

    def line(self, *arguments):
        """The one line that a command prints."""
        ran = self.run(*arguments)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.removesuffix("\n")

    @contextmanager
    def started(self, *arguments, ready, **variables):
        """A command that goes on, from the line that says it is ready; killed in the end if it still runs."""
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen(
                [PROGRAM, *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.folder,
                env=self.environment(variables),
            )
        with process:
            try:
                line = process.stdout.readline()
                assert re.fullmatch(ready, line), f"{line!r}\n{self.log}"
                yield process, line.removesuffix("\n").rpartition(" ")[2]
            finally:
                process.kill()

    def serving(self, *arguments, **variables):
        """A server on a free port."""
        return self.started(
            "serve", "--listen", "127.0.0.1:0", *arguments, ready=r"listening on 127\.0\.0\.1:[0-9]+\n", **variables
        )

    def environment(self, variables):
        """Nothing of ours but the database and what is asked for."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("CLOCKWIRE_")}
        return plain | {"CLOCKWIRE_DATABASE": self.url, "XDG_STATE_HOME": str(self.folder), **variables}

    @property
    def log(self):
        """What it has said on standard error."""
        return (self.folder / "log").read_text()


@pytest.fixture
def program(database_url, tmp_path):
    """The program on an empty database, of each kind."""
    return Program(tmp_path, database_url)


@pytest.fixture
def key(program):
    """A key for everything in a new workspace."""
    with opened(program.url) as database:
        workspace_id = new_workspace(database, system_clock, "Acme")
        return new_key(database, system_clock, workspace_id, SCOPES, name="all scopes")


def test_a_server_is_told_to_stop_drains_and_exits_with_0(program, key):
    with program.serving() as (process, address), Client(address, api_key=key, plaintext=True, retries=0) as client:
        client.create("client", client_name="Acme")
        watch = client.events.WatchEvents(WatchEventsRequest(start=LATEST))
        next(iter(watch))
        process.send_signal(signal.SIGTERM)
        with pytest.raises(ServerDraining) as caught:
            list(watch)
        assert caught.value.retry_after == 1.0
        assert process.wait(20) == 0
        assert process.stdout.read() == ""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_ctrl_c_stops_it_as_well(program, key):
    with program.serving() as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_what_was_answered_survives_a_kill(program, key):
    with program.serving() as (process, address), Client(address, api_key=key, plaintext=True) as client:
        made = client.create("client", client_name="Acme").record
        process.kill()
    with program.serving() as (_, address), Client(address, api_key=key, plaintext=True) as client:
        assert client.get("client", made.id) == made


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_log_is_json_lines_without_secrets(program, key):
    with program.serving("--log-level", "debug") as (process, address):
        with Client(address, api_key=key, plaintext=True) as client:
            client.account.GetCaller(GetCallerRequest())
        process.terminate()
        process.wait(20)
    lines = [json.loads(line) for line in program.log.splitlines()]
    said = [line["event"] for line in lines if line["level"] == "info"]
    assert said == ["listening", "call", "draining", "stopped listening"]
    assert all(list(line)[:3] == ["timestamp", "level", "event"] for line in lines)
    assert key not in program.log


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--listen", "0.0.0.0:0"], 2, "--insecure"),
        (["--listen", "nowhere"], 2, "HOST:PORT"),
        (["--http", "0.0.0.0:0"], 2, "--insecure"),
        (["--http", "nowhere"], 2, "HOST:PORT"),
        (["--no-grpc"], 2, "--http"),
        (["--tls-cert", "/nowhere.pem"], 2, "--tls-cert"),
        (["--tls-cert", __file__], 2, "--tls-key"),
        (["--tls-cert", __file__, "--tls-key", __file__], 1, "both PEM"),
        (["--allow-target", "10.0.0.1/8"], 2, "--allow-target"),
        (["--database", "mysql://x/y"], 2, "sqlite:///FILE"),
        (["--drain-timeout", "-1"], 2, "--drain-timeout"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line(program, arguments, code, told):
    failed = program.run("serve", "--listen", "127.0.0.1:0", *arguments)
    assert failed.returncode == code
    assert told in failed.stderr
    assert "Traceback" not in failed.stderr
    assert failed.stdout == ""


def test_help_and_refusals_wait_for_no_part_of_the_server():
    program = "import sys, clockwire.cli.running; print({'grpc', 'sqlalchemy', 'clockwire.server'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_http_is_answered_beside_grpc_or_alone_and_drains(program, key):
    body, said = b'{"record":{"client":{"ClientName":"Acme"}}}', {"authorization": f"Bearer {key}"}
    said["content-type"] = "application/json"
    with program.serving("--http", "127.0.0.1:0") as (process, address):
        http = re.fullmatch(r"http listening on (127\.0\.0\.1:[0-9]+)\n", process.stdout.readline())
        assert http
        made = exchange(Address.of(http[1]), "POST", "/clockwire.v1.RecordService/CreateRecord", body, said).json
        with Client(address, api_key=key, plaintext=True) as client:
            assert client.get("client", made["record"]["id"]).client.client_name == "Acme"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    alone = program.started("serve", "--no-grpc", "--http", "127.0.0.1:0", ready=r"http listening on .*\n")
    with alone as (process, address):
        assert exchange(Address.of(address), "GET", "/readyz").status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_setting_may_come_from_the_environment(program, key):
    variables = {
        "CLOCKWIRE_LISTEN": "127.0.0.1:0",
        "CLOCKWIRE_DISPATCH": "false",
        "CLOCKWIRE_ALLOW_TARGET": "10.0.0.0/8,127.0.0.1",
        "CLOCKWIRE_REFLECTION": "false",
        "CLOCKWIRE_LOG_FORMAT": "text",
        "CLOCKWIRE_LISTENN": "a slip",
    }
    with (
        program.started("serve", ready=r"listening on 127\.0\.0\.1:[0-9]+\n", **variables) as (_, address),
        Client(address, api_key=key, plaintext=True) as client,
    ):
        assert list(client.account.GetServerInfo(GetServerInfoRequest()).features) == []
    assert "CLOCKWIRE_LISTENN" in program.log
    assert "CLOCKWIRE_LOG_FORMAT" not in program.log


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_process_alone_sends_the_webhooks_of_a_sqlite_file(program):
    with program.serving():
        for command in (["serve", "--listen", "127.0.0.1:0"], ["dispatch"]):
            failed = program.run(*command)
            assert failed.returncode == 1
            assert "another process sends the webhooks" in failed.stderr
        with program.serving("--no-dispatch"):
            pass


def test_a_dispatcher_runs_beside_a_server_and_exits_with_0(program):
    with program.serving("--no-dispatch"), program.started("dispatch", ready="dispatching\n") as (process, _):
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_any_number_of_servers_may_run_on_postgresql(program, key):
    with (
        program.serving() as (_, first),
        program.serving() as (_, second),
        Client(first, api_key=key, plaintext=True) as one,
        Client(second, api_key=key, plaintext=True) as other,
    ):
        made = one.create("client", client_name="Acme").record
        assert other.get("client", made.id) == made


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_events_are_printed_as_they_happen(program, key):
    with program.serving() as (_, address), Client(address, api_key=key, plaintext=True) as client:
        client.create("client", client_name="One")
        asked = ("--server", address, "--json", "--from", "earliest", "--type", "client.*")
        first = r'\{"id": .*"client_name": "One".*\}\n'
        with program.started("events", "tail", *asked, ready=first, CLOCKWIRE_API_KEY=key) as (tail, _):
            client.create("user", user_name="Ada")
            client.create("client", client_name="Two")
            event = json.loads(tail.stdout.readline())
    assert (event["type"], event["record"]["client_name"]) == ("client.created", "Two")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_events_may_be_read_to_the_head_as_text(program, key):
    with program.serving() as (_, address), Client(address, api_key=key, plaintext=True) as client:
        made = client.create("client", client_name="One").record
        client.update("client", id=made.id, client_name="Two")
        shown = program.run(
            "events", "tail", "--server", address, "--from", "earliest", "--no-follow", CLOCKWIRE_API_KEY=key
        )
    created, updated = shown.stdout.splitlines()
    assert f"client.created        {made.id}  v1  by all scopes" in created
    assert updated.endswith("changed client.client_name")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_tail_that_is_not_let_in_says_why(program):
    with program.serving() as (_, address):
        failed = program.run("events", "tail", "--server", address, CLOCKWIRE_API_KEY="cw_live_wrong")
    assert failed.returncode == 1
    assert "KEY_INVALID" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_revoked_key_stops_at_a_running_server_within_5_seconds(program, key):
    with program.serving() as (_, address), Client(address, api_key=key, plaintext=True) as client:
        key_id = client.account.GetCaller(GetCallerRequest()).api_key.id
        watch = client.events.WatchEvents(WatchEventsRequest(start=LATEST), timeout=20)
        next(iter(watch))
        program.line("key", "revoke", key_id)
        with pytest.raises(Exception, match="KEY_INVALID"):
            list(watch)
