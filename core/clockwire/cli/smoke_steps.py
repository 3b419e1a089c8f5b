"""The smoke test of Standard Time's document, https://www.strdtime.com/webhooks-integration.html, step by step.

One thing is said there that cannot be: a subscription to project.created is to deliver a deletion. So step 2 registers
a second one, to project.deleted.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from clockwire.cli.verdicts import VALID, verdicts_of
from clockwire.cli.witnesses import NotSeen, Seen, Witness, delivery_of
from clockwire.client import Client
from clockwire.client.errors import TargetUrlRefused
from clockwire.model.instants import system_clock
from clockwire.model.signing import BODY_SIGNATURE, Secret
from clockwire.v1 import subscription_service_pb2 as requests
from clockwire.v1.events_pb2 import EventFilter
from clockwire.v1.subscriptions_pb2 import Subscription

CREATED, DELETED = "project.created", "project.deleted"
_DESCRIPTION = "Made by clockwire smoke-test; it deletes it again."


@dataclass
class SmokeTest:
    """What the steps have made so far."""

    client: Client
    witness: Witness
    name: str
    secrets: dict[str, Secret] = field(default_factory=dict, repr=False)
    subscription_ids: dict[str, str] = field(default_factory=dict)
    project_id: str = ""
    first: Seen | None = None
    undo: list[Callable[[], object]] = field(default_factory=list)
    """What takes it back, in this order: subscriptions first, so that nothing is sent of the rest."""


Step = Callable[[SmokeTest], Iterator[str]]


def open_the_catcher(test: SmokeTest) -> Iterator[str]:
    """The URL is there, and the server would send to it."""
    yield test.witness.ready()
    check = requests.CreateSubscriptionRequest(subscription=_subscription(test, CREATED), validate_only=True)
    try:
        test.client.subscriptions.CreateSubscription(check)
    except TargetUrlRefused as error:
        hint = " (for this machine: serve --allow-target 127.0.0.1)" if _is_plain(test.witness.url) else ""
        raise NotSeen(f"the server does not send there: {error.args[0]}{hint}") from error
    yield "the server accepts it as a target"


def register(test: SmokeTest) -> Iterator[str]:
    """Two subscriptions, each with a secret that was shown once."""
    for event_type in (CREATED, DELETED):
        request = requests.CreateSubscriptionRequest(subscription=_subscription(test, event_type))
        made = test.client.subscriptions.CreateSubscription(request)
        test.undo.insert(0, partial(_unsubscribe, test, made.subscription.id))
        _expect(made.secret != "", "the server showed no secret")
        test.secrets[event_type] = Secret(made.secret)
        test.subscription_ids[event_type] = made.subscription.id
        read = requests.GetSubscriptionRequest(subscription_id=made.subscription.id)
        stored = test.client.subscriptions.GetSubscription(read).subscription
        _expect(stored.state == Subscription.STATE_ACTIVE, f"{event_type} is not active")
        _expect(stored.signed and made.secret not in str(stored), "the secret can be read again")
        yield f"{event_type}  secret *** (fingerprint {stored.secret_fingerprint})  active  {stored.id}"


def save_a_project(test: SmokeTest) -> Iterator[str]:
    """The project's webhook arrives."""
    event_id, test.project_id = _save(test, test.name)
    yield f"saved {test.name!r}, {test.project_id}"
    test.first = test.witness.delivered(test.subscription_ids[CREATED], event_id)
    yield test.first.evidence


def inspect(test: SmokeTest) -> Iterator[str]:
    """The first request is signed, and says what was saved."""
    assert test.first is not None, "step 3 was seen"
    yield from _signatures(test, test.first, CREATED)
    body = _body(test.first)
    expected = {"event": CREATED, "id": test.project_id, "ProjectID": test.project_id, "ProjectName": test.name}
    for name, value in expected.items():
        _expect(body.get(name) == value, f"{name} is {body.get(name)!r}, not {value!r}")
        yield f"{json.dumps(name)}: {json.dumps(value)}"
    yield f"{len(body)} fields, {len(test.first.body)} bytes"


def fire_a_test(test: SmokeTest) -> Iterator[str]:
    """A second request, with sample data."""
    request = requests.TestSubscriptionRequest(subscription_id=test.subscription_ids[CREATED])
    seen = test.witness.tested(test.client.subscriptions.TestSubscription(request).attempt)
    yield seen.evidence
    yield from _signatures(test, seen, CREATED)
    body = _body(seen)
    _expect(body.get("event") == CREATED, f"the sample is of {body.get('event')!r}")
    _expect(body.get("id") not in {None, test.project_id}, "the sample is the real project")
    _expect(seen.headers.get("clockwire-test") == "true", "the request does not say that it is a test")
    yield f"a sample, not the project: {body.get('ProjectName')!r}"


def delete_the_project(test: SmokeTest) -> Iterator[str]:
    """A third request, with the minimal body."""
    event_id = test.client.delete("project", test.project_id).mutation.event_ids[0]
    seen = test.witness.delivered(test.subscription_ids[DELETED], event_id)
    yield seen.evidence
    yield from _signatures(test, seen, DELETED)
    _expect(_body(seen) == {"event": DELETED, "id": test.project_id}, f"the body is {seen.body[:200]!r}")
    yield seen.body.decode()


def confirm_the_feed_stops(test: SmokeTest) -> Iterator[str]:
    """Without subscriptions nothing is sent: what an event owes is stored with it, so there is nothing to wait for."""
    for event_type, id_ in test.subscription_ids.items():
        test.client.subscriptions.DeleteSubscription(requests.DeleteSubscriptionRequest(subscription_id=id_))
        yield f"{event_type} deleted"
    event_id, _ = _save(test, f"{test.name}, the second")
    owed = [id_ for id_ in test.subscription_ids.values() if delivery_of(test.client, id_, event_id)]
    _expect(not owed, "the server made a delivery for a subscription that is deleted")
    yield "saved another project: no delivery was made for it"
    yield test.witness.silent()


#: In the words of the document.
STEPS: Sequence[tuple[str, Step]] = (
    ("Open the catcher and copy its URL", open_the_catcher),
    ("Register a project.created subscription pointing at that URL", register),
    ("Save a new project", save_a_project),
    ("Inspect the request", inspect),
    ("Test: fire a sample payload", fire_a_test),
    ("Delete the project, then confirm the deleted payload", delete_the_project),
    ("Delete the subscription and confirm the feed stops", confirm_the_feed_stops),
)


def _subscription(test: SmokeTest, event_type: str) -> Subscription:
    filter_ = EventFilter(event_types=[event_type])
    return Subscription(target_url=test.witness.url, filter=filter_, description=_DESCRIPTION)


def _save(test: SmokeTest, name: str) -> tuple[str, str]:
    """The ids of the event and of the project."""
    made = test.client.create("project", project_name=name)
    test.undo.append(partial(test.client.delete, "project", made.record.id, allow_missing=True))
    return made.mutation.event_ids[0], made.record.id


def _is_plain(url: str) -> bool:
    """Whether it is a URL as of a program on this machine: http, which no other address may have."""
    return urlsplit(url).scheme == "http"


def _unsubscribe(test: SmokeTest, subscription_id: str) -> None:
    test.client.subscriptions.DeleteSubscription(requests.DeleteSubscriptionRequest(subscription_id=subscription_id))


def _signatures(test: SmokeTest, seen: Seen, event_type: str) -> Iterator[str]:
    valid = [test.secrets[event_type]]
    found = verdicts_of(seen.headers, seen.body, valid=valid, now=system_clock()).named()
    for name, verdict in found.items():
        _expect(verdict == VALID, f"{name} is {verdict}")
    yield f"{BODY_SIGNATURE}: {seen.headers[BODY_SIGNATURE.lower()][:19]}… is valid, and so is webhook-signature"


def _body(seen: Seen) -> Mapping[str, Any]:
    try:
        body = json.loads(seen.body)
    except ValueError:
        body = None
    _expect(isinstance(body, dict), f"the body is no JSON object: {seen.body[:200]!r}")
    assert isinstance(body, dict)
    return body


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - it is the question itself
    if not holds:
        raise NotSeen(otherwise)
