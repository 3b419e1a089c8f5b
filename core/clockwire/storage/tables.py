"""Every table, on one page.

Instants are BIGINT microseconds (`model/instants.py`), ids are UUID text, messages are their protobuf bytes. A record
is one row whatever its type: `message` is the truth, `fields` its values in comparable form for filters and order.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

_Fields = JSON().with_variant(JSONB(), "postgresql")


def _id(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=primary_key, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


workspace = Table(
    "workspace",
    metadata,
    _id("id", primary_key=True),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("event_retention", BigInteger, nullable=False),
    Column("body_retention", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    _instant("create_time"),
    _instant("update_time"),
    _instant("delete_time", nullable=True),
)

# One row a workspace: the head of its log. Its lock is the right to write in the workspace.
event_log = Table(
    "event_log",
    metadata,
    _id("workspace_id", primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("earliest", BigInteger, nullable=False),
    _instant("last_time"),
    # Grows with each change of a subscription, so that what is known of them in memory can be trusted or not.
    Column("subscriptions_version", BigInteger, nullable=False),
)

record = Table(
    "record",
    metadata,
    _id("workspace_id", primary_key=True),
    _id("id", primary_key=True),
    Column("type", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    _instant("create_time"),
    _instant("update_time"),
    Column("message", LargeBinary, nullable=False),
    Column("fields", _Fields, nullable=False),
    Index("record_of_type", "workspace_id", "type", "id"),
)

# Who refers to whom, and what is called how (`model/names.py`): finds the users of a record, the records of a project,
# and those of a name, without reading messages.
record_reference = Table(
    "record_reference",
    metadata,
    _id("workspace_id", primary_key=True),
    _id("target_id", primary_key=True),
    Column("field", Text, primary_key=True),
    _id("source_id", primary_key=True),
    sqlite_with_rowid=False,  # the row is its key, and would be stored twice
)

# Values that only one record of a type may have: external ids, mail addresses, category names ...
record_key = Table(
    "record_key",
    metadata,
    _id("workspace_id", primary_key=True),
    Column("type", Integer, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    _id("record_id"),
)

# Records that were: their ids are not given out again, and readers are told the difference.
tombstone = Table(
    "tombstone",
    metadata,
    _id("workspace_id", primary_key=True),
    _id("id", primary_key=True),
    Column("type", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    _instant("delete_time"),
    Column("sequence", BigInteger, nullable=False),
)

tag = Table(
    "tag",
    metadata,
    _id("workspace_id", primary_key=True),
    _id("id", primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    UniqueConstraint("workspace_id", "folded_name", name="tag_name"),
)

# Timers that run, and those that ended lately. The message holds the labels of the last change.
timer = Table(
    "timer",
    metadata,
    _id("workspace_id", primary_key=True),
    _id("id", primary_key=True),
    _id("user_id"),
    _id("project_id"),  # empty without one
    _instant("start_time"),
    _instant("end_time", nullable=True),  # when it was stopped or discarded; null while it runs
    Column("message", LargeBinary, nullable=False),
    # A user has at most one that runs.
    Index(
        "timer_running",
        "workspace_id",
        "user_id",
        unique=True,
        sqlite_where=text("end_time IS NULL"),
        postgresql_where=text("end_time IS NULL"),
    ),
    Index("timer_by_start", "workspace_id", "start_time", "id"),
    Index("timer_by_end", "workspace_id", "end_time"),
)

event = Table(
    "event",
    metadata,
    _id("workspace_id", primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    _id("id"),
    Column("type", Text, nullable=False),
    _id("record_id"),
    _instant("commit_time"),
    # What filters ask for, and the two states: the message holds the one after the change.
    Column("origin", Integer, nullable=False),
    _id("api_key_id"),
    Column("facets", Text, nullable=False),
    Column("message", LargeBinary, nullable=False),
    Column("before", LargeBinary),
    Index("event_id", "id", unique=True),
    Index("event_of_record", "workspace_id", "record_id", "sequence"),
    Index("event_by_time", "workspace_id", "commit_time"),
)

# A webhook body, made once per event and shape, so that every attempt sends the same bytes.
event_body = Table(
    "event_body",
    metadata,
    _id("event_id", primary_key=True),
    Column("shape", Integer, primary_key=True),
    _id("workspace_id"),
    _instant("create_time"),
    Column("body", LargeBinary, nullable=False),
    Index("event_body_by_age", "workspace_id", "create_time"),
)

subscription = Table(
    "subscription",
    metadata,
    _id("id", primary_key=True),
    _id("workspace_id"),
    Column("version", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("target_url", Text, nullable=False),
    Column("filter", LargeBinary, nullable=False),
    Column("payload_format", Integer, nullable=False),
    Column("decimals_as_strings", Boolean, nullable=False),
    Column("headers", LargeBinary),  # encrypted
    Column("retry_delays", Text, nullable=False),
    Column("retry_disabled", Boolean, nullable=False),
    Column("request_timeout", BigInteger, nullable=False),
    Column("max_in_flight", Integer, nullable=False),
    Column("max_per_minute", Integer, nullable=False),
    Column("ca_certificate_pem", Text, nullable=False),
    Column("state", Integer, nullable=False),
    Column("state_reason", Integer, nullable=False),
    _instant("state_time"),
    Column("secret", LargeBinary),  # encrypted
    Column("secret_fingerprint", Text, nullable=False),
    Column("retiring_secret", LargeBinary),  # encrypted
    _instant("rotation_end_time", nullable=True),
    _instant("create_time"),
    _instant("update_time"),
    _id("create_api_key_id"),
    # How it is doing, kept by the dispatcher.
    Column("consecutive_failures", Integer, nullable=False),
    _instant("failing_since", nullable=True),
    _instant("last_success_time", nullable=True),
    _instant("last_failure_time", nullable=True),
    Column("last_failure", Integer, nullable=False),
    # Rows of deleted ones stay, without what was secret: deleting again is OK, and what is in flight still ends.
    _instant("delete_time", nullable=True),
    Index(
        "subscription_name",
        "workspace_id",
        "name",
        unique=True,
        sqlite_where=text("delete_time IS NULL"),
        postgresql_where=text("delete_time IS NULL"),
    ),
)

# `due_time` is when it may be claimed: the next attempt's time, or the end of the lease of who claimed it. It is null
# while held and once ended, and the partial index keeps claims as cheap at a million waiting rows as at ten.
delivery = Table(
    "delivery",
    metadata,
    _id("id", primary_key=True),
    _id("workspace_id"),
    _id("subscription_id"),
    _id("event_id"),
    Column("event_type", Text, nullable=False),
    Column("event_sequence", BigInteger, nullable=False),
    Column("event_version", BigInteger, nullable=False),
    _id("record_id"),
    Column("kind", Integer, nullable=False),
    # Of its body: a change of the subscription's format is for later events.
    Column("shape", Integer, nullable=False),
    Column("state", Integer, nullable=False),
    Column("attempt_count", Integer, nullable=False),
    # Attempts made before the present run of the retry schedule: a redelivery starts a new one.
    Column("earlier_attempt_count", Integer, nullable=False),
    _instant("due_time", nullable=True),
    Column("lease", Text, nullable=False),
    Column("last_outcome", Integer, nullable=False),
    Column("last_http_status", Integer, nullable=False),
    _instant("create_time"),
    _instant("end_time", nullable=True),
    Index(
        "delivery_due",
        "subscription_id",
        "due_time",
        "id",
        sqlite_where=text("due_time IS NOT NULL"),
        postgresql_where=text("due_time IS NOT NULL"),
    ),
    # In the order in which they are listed: newest event first.
    Index("delivery_of_workspace", "workspace_id", "create_time", "event_sequence", "id"),
    Index("delivery_of_subscription", "subscription_id", "create_time", "event_sequence", "id"),
    # Those that have not ended stand together, and so do those that ended lately.
    Index("delivery_by_end", "subscription_id", "end_time"),
    Index("delivery_of_event", "event_id"),
)

attempt = Table(
    "attempt",
    metadata,
    _id("delivery_id", primary_key=True),
    Column("number", Integer, primary_key=True),
    _id("workspace_id"),
    Column("outcome", Integer, nullable=False),
    _instant("start_time"),
    Column("duration", BigInteger, nullable=False),
    Column("target_url", Text, nullable=False),
    Column("remote_ip", Text, nullable=False),
    Column("request_headers", Text, nullable=False),
    Column("http_status", Integer, nullable=False),
    Column("response_headers", Text, nullable=False),
    Column("response_body", LargeBinary, nullable=False),
    Column("response_truncated", Boolean, nullable=False),
    Column("error", Text, nullable=False),
    Column("retry_after", BigInteger),
)

consumer = Table(
    "consumer",
    metadata,
    _id("workspace_id", primary_key=True),
    Column("name", Text, primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("description", Text, nullable=False),
    _instant("create_time"),
    _instant("commit_time"),
)

api_key = Table(
    "api_key",
    metadata,
    _id("id", primary_key=True),
    _id("workspace_id"),  # empty for an operator's key
    Column("version", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("retiring_hash", LargeBinary, unique=True),
    _instant("rotation_end_time", nullable=True),
    Column("scopes", Text, nullable=False),
    _instant("expire_time", nullable=True),
    _instant("revoke_time", nullable=True),
    _instant("last_use_time", nullable=True),
    _instant("create_time"),
    _id("create_api_key_id"),
    Index("api_key_of_workspace", "workspace_id", "id"),
)

# Addresses for other systems. Of a token only the hash is known.
inbound_hook = Table(
    "inbound_hook",
    metadata,
    _id("id", primary_key=True),
    _id("workspace_id"),
    Column("name", Text, nullable=False),
    Column("service", Integer, nullable=False),
    _id("user_id"),  # empty for one of the whole workspace
    Column("commands", Text, nullable=False),
    Column("state", Integer, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("secret", LargeBinary),  # encrypted
    _instant("create_time"),
    _instant("update_time"),
    _id("create_api_key_id"),
    Index("inbound_hook_of_workspace", "workspace_id", "id"),
)

# Answers kept for callers that repeat a request (request_id), encrypted since some hold a secret.
kept_answer = Table(
    "kept_answer",
    metadata,
    _id("workspace_id", primary_key=True),
    Column("method", Text, primary_key=True),
    _id("request_id", primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    _instant("create_time"),
    Index("kept_answer_by_age", "create_time"),
)

# One row: something sealed with the secret key, so that a server with another key is found out when it starts.
vault_check = Table(
    "vault_check",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)
