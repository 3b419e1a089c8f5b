"""What happens in the demonstration: a webhook is ordered, and somebody logs an hour and a half."""

from dataclasses import dataclass, field

from show import line

from clockwire.client import Client, event_filter
from clockwire.v1.record_service_pb2 import CreateRecordResponse
from clockwire.v1.subscription_service_pb2 import CreateSubscriptionRequest
from clockwire.v1.subscriptions_pb2 import Subscription


@dataclass(slots=True)
class Work:
    """What was written."""

    #: Where the log stood before.
    cursor: str
    event_ids: list[str] = field(default_factory=list)

    def note(self, what: str, created: CreateRecordResponse) -> str:
        """The id of a record that was created, of which a line is shown."""
        self.event_ids += created.mutation.event_ids
        line(f"created {what:9} {created.record.id}")
        return created.record.id


def subscribe(client: Client, url: str) -> str:
    """The secret of a new subscription to everything."""
    subscription = Subscription(name="demo", target_url=url, filter=event_filter(["*"]))
    created = client.subscriptions.CreateSubscription(CreateSubscriptionRequest(subscription=subscription))
    line(f"subscribed {url} to every event; the secret {created.secret[:10]}... is shown once")
    return created.secret


def log_some_work(client: Client) -> Work:
    """A client, a project, a user and a time log."""
    work = Work(cursor=client.pull("latest").cursor)
    acme = work.note("client", client.create("client", client_name="Acme Tools"))
    project = work.note(
        "project",
        client.create("project", project_name="New website", client_id=acme, client_rate="95.00", currency="EUR"),
    )
    user = work.note("user", client.create("user", user_name="Ada Novak", email="ada@example.com"))
    work.note(
        "time log",
        client.create(
            "time_log",
            user_id=user,
            project_id=project,
            start_time="2026-11-20T09:00:00Z",
            end_time="2026-11-20T10:30:00Z",
            description="Sketched the landing page",
        ),
    )
    return work
