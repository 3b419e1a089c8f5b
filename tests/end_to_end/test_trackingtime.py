"""What is added at TrackingTime's endpoint arrives: its eight events, for the whole account or for one user.

What is quoted is said by https://help.trackingtime.co/article/146-setting-webhooks-in-tracking-time.
"""

import json

from clockwire.model.signing import BODY_SIGNATURE, Secret, verify_body
from clockwire.v1.record_service_pb2 import CloseRecordRequest
from clockwire.v1.records_pb2 import RecordKey
from tests.support.http import ask
from tests.support.product import product_at
from tests.support.server import ANY_PORT, ON_SQLITE

#: "The available events are as follow": of projects, tasks and time entries.
EVENTS = (
    *("project.add", "project.close", "task.add", "task.close", "task.track", "task.stop"),
    *("event.add", "event.delete"),
)


async def test_each_of_the_eight_events_arrives_signed_and_a_user_s_webhook_gets_that_user_s_alone(database_url):
    """Said there: "subscribe to certain events"; "configured for the whole account or for a single user"."""
    async with product_at(database_url, http=ANY_PORT) as product:
        client = product.client
        ada, bob = [(await client.create("user", user_name=name)).record.id for name in ("Ada", "Bob")]
        whole = await add(product, "/whole", "project.add,project.close,task.add,task.close,task.track,task.stop")
        await add(product, "/entries", "event.add,event.delete")
        await add(product, "/ada", "task.track", user_id=ada)
        await work(client, ada, bob)
        came = await product.received(2 + 2 + 4 + 4 + 1)
    by_path: dict[str, list[str]] = {}
    for each in sorted(came, key=lambda one: int(one.headers["clockwire-sequence"])):
        body = json.loads(each.body)
        by_path.setdefault(each.path, []).append(body["event_name"])
        assert body["account_id"] == product.server.workspace_id
        if each.path == "/whole":
            verify_body(each.headers[BODY_SIGNATURE.lower()], each.body, valid=[Secret(whole)])
    assert by_path == {
        "/whole": [
            *("project.add", "task.add", "task.track", "task.stop", "task.track", "task.stop"),
            *("task.close", "project.close"),
        ],
        "/entries": ["event.add", "event.add", "event.delete", "event.delete"],
        "/ada": ["task.track"],
    }


async def test_a_user_s_webhook_gets_each_of_the_eight_events_that_concerns_this_user(database_url):
    """Said there: "configured ... for a single user"; "when a new task is assigned to someone"."""
    async with product_at(database_url, http=ANY_PORT) as product:
        client = product.client
        ada, bob = [(await client.create("user", user_name=name)).record.id for name in ("Ada", "Bob")]
        await add(product, "/ada", ",".join(EVENTS), user_id=ada)
        for user in (bob, ada):
            managed = (await client.create("project", project_name="Website", manager_user_id=user)).record.id
            named = {"task_name": f"of {user}", "project_id": managed}
            task = (await client.create("task", **named, assigned_user_ids=[user])).record.id
            timer = (await client.start_timer(user, task_id=task)).timer
            await client.stop_timer(timer.id)
            await client.delete("timelog", id=timer.id)
            for id_ in (task, managed):
                await client.records.CloseRecord(CloseRecordRequest(key=RecordKey(id=id_)))
        came = await product.received(len(EVENTS))
    bodies = [json.loads(each.body) for each in sorted(came, key=lambda one: int(one.headers["clockwire-sequence"]))]
    assert sorted(each["event_name"] for each in bodies) == sorted(EVENTS)
    [assigned] = [each["data"] for each in bodies if each["event_name"] == "task.add"]
    assert (assigned["name"], assigned["user_ids"]) == (f"of {ada}", [ada])


@ON_SQLITE
async def test_whoever_subscribes_to_the_task_events_hears_of_updates_too(database_url):
    """Said there: "you'll receive detailed payloads every time a task is added, updated, closed, etc."."""
    async with product_at(database_url, http=ANY_PORT) as product:
        client = product.client
        await add(product, "/tasks", "task.add,task.update,task.close")
        project = (await client.create("project", project_name="Website")).record.id
        task = (await client.create("task", task_name="Fix", project_id=project)).record.id
        await client.update("task", id=task, description="At once")
        await client.records.CloseRecord(CloseRecordRequest(key=RecordKey(id=task)))
        came = await product.received(4)
    bodies = [json.loads(each.body) for each in sorted(came, key=lambda one: int(one.headers["clockwire-sequence"]))]
    assert [each["event_name"] for each in bodies] == ["task.add", "task.update", "task.update", "task.close"]
    assert [each["data"]["notes"] for each in bodies] == ["", *["At once"] * 3]
    assert [each["data"]["is_closed"] for each in bodies] == [False, False, True, True]


async def add(product, path, events, **more):
    """The token of a new webhook."""
    sent = {"url": product.receiver.url(path), "events": events, **more}
    answer = await ask(product.server, f"/api/v4/{product.server.workspace_id}/webhooks/add", sent)
    assert answer.status == 200, answer
    return answer.json["data"]["token"]


async def work(client, *users):
    """A project with a task, tracked by each user; then everything is closed, and the entries deleted."""
    project = (await client.create("project", project_name="Website")).record.id
    task = (await client.create("task", task_name="Fix", project_id=project)).record.id
    logs = []
    for user in users:
        timer = (await client.start_timer(user, task_id=task)).timer
        logs.append((await client.stop_timer(timer.id)).time_log.id)
    for log in logs:
        await client.delete("timelog", id=log)
    for id_ in (task, project):
        await client.records.CloseRecord(CloseRecordRequest(key=RecordKey(id=id_)))
