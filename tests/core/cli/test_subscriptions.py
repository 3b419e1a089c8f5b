"""subscription: added, listed, tested, stopped and deleted from the command line."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.core.cli.conftest import Ran, Run
from tests.support.receivers import Answer, Receiver
from tests.support.serving import RunningServer, running_server
from tests.support.verifying import verify, verify_flat

Hook = Callable[..., Ran]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("server"), "--allow-target", "127.0.0.0/8") as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def hook(run: Run, server: RunningServer) -> Iterator[Hook]:
    """Runs `clockwire subscription`; every subscription is deleted in the end."""

    def run_hook(*arguments: str) -> Ran:
        return run("subscription", *arguments, CLOCKWIRE_SERVER=server.target, CLOCKWIRE_API_KEY=server.api_key)

    yield run_hook
    for each in json.loads(run_hook("list", "--json").out):
        assert run_hook("delete", each["id"]).code == 0


def row(listed: Ran) -> list[str]:
    """The cells of the only row."""
    head, line = listed.out.splitlines()
    assert head.split("  ")[0] == "NAME"
    return [cell.strip() for cell in line.split("  ") if cell]


def test_one_is_added_and_its_secret_shown_this_once(hook: Hook, receiver: Receiver):
    """Cited: "Copy the secret immediately — it is shown only once.".

    "The subscriptions list shows *** in place of the secret from then on."
    """
    added = hook("add", "project.created", receiver.url(), "--name", "billing")
    name, secret = (line.split() for line in added.out.splitlines())
    listed = hook("list")

    assert (name, secret[0]) == (["added", "billing"], "secret")
    assert secret[1].startswith("whsec_")
    assert "not shown again" in added.err
    assert row(listed) == ["billing", "project.created", receiver.url(), "***", "yes"]
    assert secret[1] not in listed.out + hook("list", "--json").out


def test_a_script_gets_json(hook: Hook, receiver: Receiver):
    added = json.loads(hook("add", "timelog.*", receiver.url(), "--json").line)
    [listed] = json.loads(hook("list", "--json").out)

    assert added["secret"].startswith("whsec_")
    assert listed == {**added, "secret": "***"}
    assert (listed["event_types"], listed["active"], listed["state"]) == (["timelog.*"], True, "ACTIVE")
    assert listed["name"] == listed["id"]


def test_a_test_is_signed_with_the_secret_that_was_shown(hook: Hook, receiver: Receiver):
    """Cited: "useful for confirming your endpoint is reachable and your signature verification code is correct"."""
    secret = json.loads(hook("add", "project.created", receiver.url(), "--name", "billing", "--json").line)["secret"]
    tested = hook("test", "billing")
    [received] = receiver.received

    assert tested.line.startswith(f"project.created to {receiver.url()}: answered 200 OK after ")
    assert verify(received, secret)["event"] == "project.created"


def test_a_test_may_be_of_another_type_and_of_a_real_record(hook: Hook, receiver: Receiver, server: RunningServer):
    with server.client() as client:
        project = client.create("project", project_name="Rollout").record.id
    hook("add", "project.*", receiver.url(), "--name", "billing")
    tested = json.loads(hook("test", "billing", "--event-type", "project.closed", "--record", project, "--json").line)

    assert (tested["event_type"], tested["http_status"], tested["succeeded"]) == ("project.closed", 200, True)
    assert b"Rollout" in receiver.received[0].body


def test_a_test_that_is_not_accepted_exits_with_1(hook: Hook, receiver: Receiver):
    receiver.always(Answer(404))
    hook("add", "project.created", receiver.url(), "--name", "billing")
    tested = hook("test", "billing")

    assert tested.code == 1
    assert "answered 404 Not Found" in tested.out


def test_a_secret_of_ones_own_is_not_repeated(hook: Hook, receiver: Receiver, tmp_path: Path):
    own = "0123456789abcdef" * 4
    (tmp_path / "secret").write_text(own + "\n")
    for given in (["--secret", own], ["--secret-file", str(tmp_path / "secret")]):
        added = hook("add", "project.created", receiver.url(), *given, "--name", given[0][2:])
        hook("test", given[0][2:])
        assert added.out.splitlines()[1] == "secret  ***"
        assert own not in added.out + added.err

    for received in receiver.received:
        verify_flat(received, own)


def test_the_receiver_s_secret_in_the_environment_is_not_taken(run: Run, hook: Hook, receiver: Receiver, server):
    known = {"CLOCKWIRE_SERVER": server.target, "CLOCKWIRE_API_KEY": server.api_key}
    made = run("subscription", "add", "*", receiver.url(), CLOCKWIRE_SIGNING_SECRET="x" * 20, **known)

    assert "secret  whsec_" in made.out


def test_without_a_secret_nothing_is_signed(hook: Hook, receiver: Receiver):
    added = hook("add", "project.created", receiver.url(), "--no-secret", "--name", "open")
    hook("test", "open")

    assert added.out.splitlines()[1] == "secret  none: it is not signed"
    assert not {"x-st-webhook-signature", "webhook-signature"} & set(receiver.received[0].headers)
    assert row(hook("list"))[-1] == "yes"


def test_it_says_how_bodies_and_headers_are_wanted(hook: Hook, receiver: Receiver):
    options = ("--format", "standard", "--decimals-as-strings", "-H", "X-Token: abc", "--header", "X-Other:d")
    hook("add", "timelog.created", receiver.url(), *options, "--name", "wanted")
    hook("test", "wanted")
    [received] = receiver.received
    body = json.loads(received.body)

    assert (received.headers["x-token"], received.headers["x-other"]) == ("abc", "d")
    assert (body["type"], body["data"]["ClientRate"]) == ("timelog.created", "95.00")


def test_the_list_says_what_is_active_and_why_another_is_not(hook: Hook, receiver: Receiver, server: RunningServer):
    """Cited: "the Active column shows whether it's currently live"."""
    hook("add", "client.created", receiver.url(), "--name", "paused", "--paused")
    assert row(hook("list"))[-1] == "no, paused"
    with server.client() as client:
        client.create("client", client_name="Acme")
    assert hook("resume", "paused").line == "resumed paused, sending 1 held"
    receiver.wait_for(1)
    assert hook("pause", "paused").line == "paused paused"
    assert hook("resume", "paused", "--drop-held").line == "resumed paused, dropped 0 held"
    assert row(hook("list"))[-1] == "yes"


def test_one_that_is_gone_is_not_active(hook: Hook, receiver: Receiver, server: RunningServer):
    receiver.always(Answer(410))
    hook("add", "client.created", receiver.url(), "--name", "gone")
    with server.client() as client:
        client.create("client", client_name="Acme")
        receiver.wait_for(1)
        while row(listed := hook("list"))[-1] == "yes":
            assert listed.code == 0

    assert row(listed)[-1] == "no, it answered 410"


def test_a_deleted_one_is_not_listed(hook: Hook, receiver: Receiver):
    """Cited: "Delete removes a subscription"."""
    hook("add", "project.created", receiver.url(), "--name", "billing")

    assert hook("delete", "billing").line == "deleted billing"
    assert json.loads(hook("list", "--json").out) == []
    assert "RESOURCE_NOT_FOUND" in hook("delete", "billing").err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["add", "projekt.created", "http://127.0.0.1:9/"], 1, "subscription.filter.event_types[0]"),
        (["add", "project.created", "http://10.0.0.1/"], 1, "TARGET_URL_REFUSED"),
        (["add", "project.created", "http://127.0.0.1:9/", "--secret", "short"], 1, "16 to 256"),
        (["add", "project.created", "http://127.0.0.1:9/", "--secret", "x" * 20, "--no-secret"], 2, "exclude"),
        (["add", "project.created", "http://127.0.0.1:9/", "--secret-file", "/dev/null"], 2, "one secret, not 0"),
        (["add", "project.created", "http://127.0.0.1:9/", "-H", "nonsense"], 2, "is no header"),
        (["add", "project.created", "http://127.0.0.1:9/", "--format", "xml"], 2, "--format"),
        (["test", "nowhere"], 1, "RESOURCE_NOT_FOUND"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(hook: Hook, arguments, code, told):
    failed = hook(*arguments)

    assert (failed.code, failed.out) == (code, "")
    assert told in failed.err
    assert "Traceback" not in failed.err
