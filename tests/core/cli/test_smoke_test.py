"""smoke-test: seven steps that are seen, or the first that is not, and nothing left behind."""

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from clockwire.cli.catching import Catcher
from clockwire.cli.smoke_steps import SmokeTest, register, save_a_project
from clockwire.cli.witnesses import NotSeen, OwnCatcher, welcome
from clockwire.client import Client
from clockwire.settings import Address
from clockwire.v1.subscription_service_pb2 import ListSubscriptionsRequest
from tests.core.cli.conftest import Ran, Run
from tests.support.ports import free_port
from tests.support.product import LOOPBACK, RunningClock, product_at
from tests.support.quiet import quiet_log
from tests.support.receivers import Answer, Received, Receiver
from tests.support.repository import ROOT
from tests.support.server import ON_SQLITE, Served, served

pytestmark = ON_SQLITE

PAGE = (ROOT / "docs/how-to/see-webhooks-arrive.md").read_text()
EXPLAINED = re.findall(r"^\| `(.+?)` \|", PAGE, re.MULTILINE)

Smoke = Callable[..., Awaitable[Ran]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The server in this process prints nothing into what the command prints."""
    with quiet_log():
        yield


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Served]:
    """A server that sends to this machine."""
    async with product_at(database_url) as product:
        yield product.server


@pytest.fixture
def smoke(run: Run) -> Callable[..., Awaitable[Ran]]:
    """Runs `clockwire smoke-test` against a server."""

    async def run_smoke(server: Served, *arguments: str) -> Ran:
        known = {"CLOCKWIRE_SERVER": server.target, "CLOCKWIRE_API_KEY": server.api_key}
        return await asyncio.to_thread(run, "smoke-test", *arguments, **known)

    return run_smoke


def explained(said: str) -> list[str]:
    """What the page that shows the smoke test has a remedy for, of all that was said."""
    return [each for each in EXPLAINED if each in said]


async def left_over(server: Served) -> list[str]:
    """What a smoke test should have deleted."""
    async with server.client() as client:
        listed = await client.subscriptions.ListSubscriptions(ListSubscriptionsRequest())
        projects = [each.project.project_name async for each in client.list("project")]
    return [*(each.id for each in listed.subscriptions), *projects]


async def test_seven_steps_are_seen_by_its_own_catcher_and_nothing_is_left(here: Served, smoke: Smoke):
    """Cited: "Save a new project", "Inspect the request", "fire a sample payload", and the other four steps."""
    done = await smoke(here)

    assert done.code == 0, done.out
    heads = [line for line in done.out.splitlines() if line[:1].isdigit()]
    assert [(line[0], line.split()[-1]) for line in heads[:7]] == [(str(number), "seen") for number in range(1, 8)]
    assert heads[7] == "7 of 7 steps seen; cleaned up"
    for evidence in ('"event": "project.created"', "came after", "a sample, not the project", "no further request"):
        assert evidence in done.out
    assert "whsec_" not in done.out + done.err
    assert await left_over(here) == []


async def test_at_a_url_that_was_given_the_server_s_log_is_the_evidence(here: Served, smoke: Smoke):
    """Cited: "Copy the URL shown under Your unique URL", and with it all seven steps."""
    with Receiver() as receiver:
        done = await smoke(here, "--url", receiver.url("/d3cb1088"), "--json")
        received = receiver.received

    *steps, end = map(json.loads, done.out.splitlines())
    assert done.code == 0
    assert end == {"steps": 7, "seen": 7, "cleaned_up": True}
    assert [(each["step"], each["seen"], each["problem"]) for each in steps] == [(n, True, "") for n in range(1, 8)]
    assert [each["step"] for each in steps if not each["evidence"]] == []
    assert [json.loads(each.body)["event"] for each in received] == ["project.created"] * 2 + ["project.deleted"]
    assert await left_over(here) == []


def refuse_the_third(connection: Any, received: Received, closing: threading.Event) -> bool:
    """Fail at the deletion."""
    return Answer(500 if b"deleted" in received.body else 200)(connection, received, closing)


@pytest.mark.parametrize(
    ("behaviour", "seen", "told"),
    [
        (Answer(404), 2, "answered 404 Not Found"),
        (Answer(401), 2, "answered 401 Unauthorized"),
        (refuse_the_third, 5, "answered 500 Internal Server Error"),
    ],
)
async def test_the_first_step_that_is_not_seen_ends_it_with_1(here: Served, smoke: Smoke, behaviour, seen, told):
    with Receiver() as receiver:
        receiver.always(behaviour)
        done = await smoke(here, "--url", receiver.url(), "--timeout", "1")

    assert done.code == 1
    assert f"{seen} of 7 steps seen; cleaned up" in done.out
    assert "NOT SEEN" in done.out
    assert told in done.out
    assert explained(done.out) == ([f"did not accept it: {told[:12]}"] if seen == 2 else [])
    assert await left_over(here) == []


async def test_a_server_that_may_not_send_here_is_told_how_to(database_url: str, smoke: Smoke):
    async with served(database_url, RunningClock(), dispatch=True) as server:
        done = await smoke(server)

        assert done.code == 1
        assert "--allow-target 127.0.0.1" in done.out
        assert explained(done.out) == ["the server does not send there"]
        assert "0 of 7 steps seen; cleaned up" in done.out
        assert await left_over(server) == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://webhook.site/#!/view/d3cb1088", "must not have a fragment (#): it is the page that shows the URL;"),
        ("webhook.site/d3cb1088", "must be a URL like https://example.com/path"),
    ],
)
async def test_a_url_that_was_copied_from_the_wrong_place_is_refused_with_what_to_copy(here, smoke: Smoke, url, told):
    """Cited: "Use the URL shown under Your unique URL on the page, not the browser's address bar"."""
    done = await smoke(here, "--url", url)

    assert done.code == 1
    assert told in done.out
    assert "--allow-target" not in done.out
    assert explained(done.out)[0] == "the server does not send there"
    assert "0 of 7 steps seen; cleaned up" in done.out


async def test_a_server_that_does_not_send_is_seen_to_have_not_tried(database_url: str, smoke: Smoke):
    async with served(database_url, RunningClock(), allow_target=[LOOPBACK]) as server:
        own, given = (
            await smoke(server, "--timeout", "1"),
            await smoke(server, "--url", "http://127.0.0.1:9/", "--timeout", "1"),
        )

        assert (own.code, given.code) == (1, 1)
        assert "no request within 1 s; the server has not tried yet" in own.out
        assert "no attempt within 1 s" in given.out
        assert [explained(each.out) for each in (own, given)] == [["has not tried yet"], ["no attempt within"]]
        assert await left_over(server) == []


async def test_a_catcher_that_the_server_does_not_find_is_told_what_the_server_met(here: Served):
    def look() -> None:
        with (
            Client(here.target, api_key=here.api_key, plaintext=True) as client,
            Catcher(Address.of("127.0.0.1:0"), welcome) as catcher,
        ):
            witness = OwnCatcher(catcher, client, seconds=1)
            witness.url = f"http://127.0.0.1:{free_port()}/"  # as if the server were on another machine
            test = SmokeTest(client, witness, name="Rollout")
            assert len([*register(test)]) == 2
            with pytest.raises(NotSeen, match=r"no request within 1 s; the server tried: .* connect") as told:
                list(save_a_project(test))
            assert explained(str(told.value)) == ["the server tried: "]

    await asyncio.to_thread(look)


async def test_a_key_that_may_not_is_told_so(here: Served, smoke: Smoke, run: Run):
    known = {"CLOCKWIRE_SERVER": here.target, "CLOCKWIRE_API_KEY": here.new_key("records.read")}
    done = await asyncio.to_thread(run, "smoke-test", **known)

    assert done.code == 1
    assert explained(done.out) == ["SCOPE_MISSING"]
