"""Timers from the command line: what is printed, and which words are understood."""

from datetime import UTC, datetime, timedelta

import pytest

from clockwire.model.identifiers import is_id
from tests.support.serving import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that all of these ask."""
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def client(server: RunningServer):
    with server.client() as client:
        yield client


@pytest.fixture
def timer(run, server: RunningServer, client):
    """Runs `clockwire timer` for a user that nobody else has."""
    user = client.create("user", user_name="Ada", email=f"{datetime.now(UTC).timestamp()}@example.com").record

    def run_timer(*arguments: str):
        known = {"CLOCKWIRE_SERVER": server.target, "CLOCKWIRE_API_KEY": server.api_key}
        return run("timer", *arguments, **known, CLOCKWIRE_USER=user.user.email)

    return run_timer


def test_a_timer_is_started_shown_and_stopped(timer, client):
    project = client.create("project", project_name="Website *1*").record
    client.create("task", task_name="Paint", project_id=project.id)
    started = timer("start", "--project", "Website *1*", "--task", "Paint", "--description", "Walls", "--tag", "a")
    shown = timer("status").out.splitlines()
    stopped = timer("stop").line

    assert is_id(started.line)
    assert shown[0].split() == ["ID", "USER", "SINCE", "WHAT"]
    assert shown[1].startswith(f"{started.line}  Ada")
    assert shown[1].endswith("Website *1*, Paint, Walls")
    assert stopped == f"{started.line}  0:00:00  Website *1*, Paint, Walls"
    log = client.get("timelog", started.line).time_log
    assert (log.project_id, log.tags[0].name) == (project.id, "a")


def test_when_it_began_and_ended_may_be_said_later(timer, client):
    now = datetime.now(UTC).replace(microsecond=0)
    id_ = timer("start", "--at", (now - timedelta(hours=3)).isoformat()).line
    stopped = timer("stop", id_, "--at", (now - timedelta(hours=1, minutes=30)).isoformat(), "--description", "Done")

    assert stopped.line == f"{id_}  1:30:00  Done"


def test_a_second_start_needs_to_be_a_switch(timer, client):
    first = timer("start", "--description", "One").line
    refused = timer("start")
    second = timer("start", "--switch", "--description", "Two")

    assert (refused.code, refused.out) == (1, "")
    assert "TIMER_RUNNING" in refused.err
    assert second.err == "stopped after 0:00:00: One\n"
    assert client.get("timelog", first)
    assert timer("discard").line == f"discarded {second.line}"


def test_what_runs_not_is_said_and_exits_with_1(timer):
    status, stop = timer("status"), timer("stop")

    assert (status.code, status.err) == (1, "no timer runs\n")
    assert stop.code == 1
    assert "TIMER_NOT_RUNNING" in stop.err


def test_a_long_description_of_several_lines_is_shown_on_one(timer):
    timer("start", "--description", "First\nsecond\n\n" + "x" * 100)
    shown, stopped = timer("status").out.splitlines(), timer("stop").line

    assert len(shown) == 2
    for line in (shown[1], stopped):
        assert line.endswith("  First second " + "x" * 66 + "…")


def test_status_of_all_needs_no_user(run, server, timer):
    id_ = timer("start").line
    shown = run("timer", "status", CLOCKWIRE_SERVER=server.target, CLOCKWIRE_API_KEY=server.api_key)

    assert id_ in shown.out
    timer("discard", id_)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["start", "--project", "Nowhere"], 1, "no project is called 'Nowhere', or it is closed"),
        (["start", "--user", "nobody"], 1, "no user is called 'nobody'"),
        (["start", "--project", "Twice"], 1, "2 projects are called 'Twice': name one by its id"),
        (["start", "--at", "yesterday"], 2, "start_time"),
        (["stop", "--at", "later"], 2, "stop_time"),
        (["stop", "7", "--user", "Ada"], 2, "an ID or --user, not both"),
        (["discard", "7", "--user", "Ada"], 2, "an ID or --user, not both"),
        (["start", "--user", ""], 2, "--user, or CLOCKWIRE_USER, is needed"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(timer, client, arguments, code, told):
    if "Twice" in arguments:
        for _ in range(2):
            client.create("project", project_name="Twice")
    refused = timer(*arguments)

    assert refused.code == code
    assert told in refused.err
