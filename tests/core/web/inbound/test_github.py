"""GitHub's webhooks: ping, issues that open and close, and comments that are commands.

What the payloads hold is said by https://docs.github.com/en/webhooks/webhook-events-and-payloads.
"""

import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from clockwire.v1.common_pb2 import ORIGIN_INBOUND
from clockwire.v1.inbound_hook_service_pb2 import InboundHook
from tests.core.model.test_inbound_signatures import GITHUB_BODY, GITHUB_SECRET, GITHUB_SIGNATURE
from tests.support.hooks import FORM, SECRET, github, new_hook, send
from tests.support.server import ON_SQLITE

REPOSITORY = {"name": "hello-world", "full_name": "octocat/hello-world", "private": False}
PING = {"zen": "Design for failure.", "hook_id": 1, "hook": {"type": "Repository", "events": ["*"]}}


@ON_SQLITE
async def test_github_s_own_example_is_let_in(server):
    hook = await new_hook(server, service=InboundHook.SERVICE_GITHUB, secret=GITHUB_SECRET.text)
    headers = {"x_hub_signature_256": GITHUB_SIGNATURE, "content_type": "text/plain"}
    assert (await send(server, hook, GITHUB_BODY, x_github_event="ping", **headers)).json == {"message": "pong"}
    assert (await send(server, hook, b"Hello, World?", x_github_event="ping", **headers)).status == 401


async def test_an_issue_is_a_task_of_a_project_named_like_its_repository(server):
    hook = await github_hook(server)
    assert (await github(server, hook, "ping", PING)).json == {"message": "pong"}
    assert (await github(server, hook, "issues", issues("opened"))).json["message"].startswith("the issue is the task ")
    assert (await github(server, hook, "issues", issues("closed"))).json["message"].endswith(" is closed")
    assert (await github(server, hook, "issues", issues("reopened"))).json["message"].endswith(" is open again")
    assert [each.type for each in await events(server)] == [
        "project.created",
        "task.created",
        "task.updated",
        "task.closed",
        "task.updated",
        "task.reopened",
    ]
    [project, task, *_] = [each.record for each in await events(server)]
    assert (project.project.project_name, project.external_id) == ("hello-world", "github:octocat/hello-world")
    assert (task.task.task_name, task.external_id) == ("Fix the login", "github:octocat/hello-world#12")


async def test_a_delivery_that_is_sent_again_does_nothing_twice(server):
    hook = await github_hook(server)
    first, again = [await github(server, hook, "issues", issues("opened"), delivery="72d3162e") for _ in range(2)]
    assert again.body == first.body
    assert [(each.type, each.origin, each.causation_id) for each in await events(server)] == [
        ("project.created", ORIGIN_INBOUND, "72d3162e"),
        ("task.created", ORIGIN_INBOUND, "72d3162e"),
    ]


@ON_SQLITE
async def test_a_comment_tracks_the_issue_and_stops(server):
    hook = await github_hook(server)
    await user(server, "Ada", "octoCAT")
    told = await github(server, hook, "issue_comment", comment("/track the hard part\nof it"))
    assert told.json["message"] == "Tracking Fix the login in hello-world. The project and the task are new."
    server.clock.forward(timedelta(minutes=5))
    stopped = await github(server, hook, "issue_comment", comment("/stop"))
    assert stopped.json["message"] == "Stopped Fix the login in hello-world after 5 min."
    async with server.client() as client:
        [log] = [each.time_log async for each in client.list("timelog")]
    assert (log.user_name, log.description, log.duration.seconds) == ("Ada", "the hard part", 300)
    again = await github(server, hook, "issue_comment", comment("/stop"), delivery="2")
    assert again.json["message"] == "Nothing is being tracked."


@ON_SQLITE
async def test_nobody_tracks_for_somebody_else(server):
    """A repository may be public: who comments is known by the login that the user has here, and by nothing else."""
    ada, _ = await user(server, "Ada", "ada"), await user(server, "mallory", "bob")
    hook = await github_hook(server, user_id=ada)
    for login, told in (("mallory", "nobody has 'mallory'"), ("bob", "belongs to another user")):
        refused = await github(server, hook, "issue_comment", comment("/track", login=login))
        [(field, why)] = refused.violations
        assert (refused.status, field) == (400, "github_login")
        assert told in why
    assert (await github(server, hook, "issue_comment", comment("/track", login="ada"))).status == 200


@ON_SQLITE
async def test_what_concerns_nobody_here_is_answered_and_changes_nothing(server):
    hook = await github_hook(server)
    for event, payload in (
        ("push", {"ref": "refs/heads/main"}),
        ("issues", issues("labeled")),
        ("issues", issues("closed")),
        ("issue_comment", comment("Looks good")),
        ("issue_comment", comment("/shrug")),
        ("issue_comment", comment("/track") | {"action": "edited"}),
    ):
        answer = await github(server, hook, event, payload)
        assert (answer.status, answer.json) == (200, {"message": "nothing to do"}), event
    narrow = await github_hook(server, commands=["task.close"])
    assert (await github(server, narrow, "issues", issues("opened"))).json == {"message": "nothing to do"}
    assert await events(server) == []


@ON_SQLITE
async def test_a_payload_in_a_form_is_read_too(server):
    hook = await github_hook(server)
    body = urlencode({"payload": json.dumps(issues("opened"))}).encode()
    signed = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x_hub_signature_256": signed, "x_github_event": "issues", "content_type": FORM}
    assert (await send(server, hook, body, **headers)).status == 200
    assert len(await events(server)) == 2


@ON_SQLITE
async def test_issues_of_one_title_are_different_tasks(server):
    hook = await github_hook(server)
    for number in (1, 2):
        await github(server, hook, "issues", issues("opened", number=number))
    assert [each.type for each in await events(server)] == ["project.created", "task.created", "task.created"]


@ON_SQLITE
async def test_titles_that_are_no_names_are_made_ones(server):
    hook = await github_hook(server)
    for number, title in enumerate(("x" * 256, "  ", "two\n lines\t", "a\0b\x85"), 1):
        assert (await github(server, hook, "issues", issues("opened", number=number, title=title))).status == 200
    names = [each.record.task.task_name for each in await events(server) if each.type == "task.created"]
    assert names == ["x" * 200, "#2", "two lines", "a b"]


@ON_SQLITE
@pytest.mark.parametrize(
    ("event", "payload", "told"),
    [
        ("issues", {"action": "opened"}, "issue: is needed"),
        ("issues", issues_of := {"action": "opened", "issue": {"number": 1, "title": "x"}}, "repository: is needed"),
        ("issues", issues_of | {"repository": {"name": 7, "full_name": "a/b"}}, "repository.name: is needed"),
        ("issues", {"action": "opened", "issue": {"title": "x"}, "repository": REPOSITORY}, "issue.number: is needed"),
        ("issue_comment", {"action": "created", "comment": {"body": "/track"}}, "comment.user: is needed"),
        ("issue_comment", {"action": "created", "comment": []}, "comment: is needed"),
        ("issues", b"[" * 10_000, "no JSON"),
        ("", {}, "x-github-event"),
    ],
)
async def test_payloads_that_are_not_github_s_are_refused_in_words(server, event, payload, told):
    answer = await github(server, await github_hook(server), event, payload)
    assert (answer.status, told in answer.json["message"]) == (400, True), answer


@ON_SQLITE
async def test_what_github_has_not_signed_is_not_done(server):
    hook, body = await github_hook(server), json.dumps(issues("opened")).encode()
    assert (await send(server, hook, body, x_github_event="issues")).status == 401
    assert (await github(server, hook, "issues", body, secret="another secret of GitHub")).status == 401
    assert await events(server) == []


def issues(action, *, number=12, title="Fix the login"):
    """A payload of the event `issues`."""
    issue = {"id": 1000 + number, "number": number, "title": title, "state": "open", "user": {"login": "octocat"}}
    return {"action": action, "issue": issue, "repository": REPOSITORY, "sender": {"login": "octocat"}}


def comment(text, *, login="octocat"):
    """A payload of the event `issue_comment`."""
    return {**issues("created"), "comment": {"id": 1, "body": text, "user": {"login": login}}}


async def github_hook(server, **fields):
    """The address of a hook for GitHub."""
    return await new_hook(server, service=InboundHook.SERVICE_GITHUB, secret=SECRET, **fields)


async def user(server, name, github_login):
    """The id of a user who is known to be this one on GitHub."""
    async with server.client() as client:
        created = await client.create("user", user_name=name, custom_fields={"github_login": github_login})
    return created.record.id


async def events(server):
    """All events, in order."""
    async with server.client() as client:
        return [each async for each in client.watch("earliest", follow=False) if each.type != "user.created"]
