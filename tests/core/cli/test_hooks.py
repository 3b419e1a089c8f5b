"""Inbound hooks from the command line: what is printed, and what comes of it."""

import re

import pytest

from tests.support.serving import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that all of these ask."""
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def hook(run, server: RunningServer):
    """Runs `clockwire hook`."""

    def run_hook(*arguments: str):
        return run("hook", *arguments, CLOCKWIRE_SERVER=server.target, CLOCKWIRE_API_KEY=server.api_key)

    return run_hook


def test_a_hook_is_made_listed_turned_off_and_on_reset_and_deleted(hook):
    path = hook("create", "Door bell", "--command", "task.track", "--command", "task.stop").line
    [id_] = re.findall("/hooks/in/([0-9a-f-]{36})/[0-9a-f]{64}$", path)
    listed = [line.split() for line in hook("list").out.splitlines()]
    [mine] = [line for line in listed if line[0] == id_]  # the tests of this file share a workspace
    off, on, reset = hook("disable", id_).line, hook("enable", id_).line, hook("reset-token", id_).line

    assert listed[0] == ["ID", "NAME", "SERVICE", "USER", "COMMANDS", "STATE"]
    assert mine == [id_, "Door", "bell", "generic", "all", "task.track", "task.stop", "on"]
    assert (off, on) == (f"off {id_}", f"on {id_}")
    assert reset.startswith(f"/hooks/in/{id_}/")
    assert reset != path
    assert hook("delete", id_).line == f"deleted {id_}"
    assert id_ not in hook("list").out


def test_the_secret_of_a_service_comes_from_a_file(hook, tmp_path):
    (tmp_path / "secret").write_text("8f742231b10e8888abcd99yyyzzz85a5\n")
    refused = hook("create", "Slack", "--service", "slack")

    assert (refused.code, refused.out) == (1, "")
    assert "what SLACK signs its requests with" in refused.err
    assert hook("create", "Slack", "--service", "slack", "--secret-file", str(tmp_path / "secret")).line
