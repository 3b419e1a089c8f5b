"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Every table there was at the beginning."""
    _workspace()
    _event_log()
    _record()
    _record_reference()
    _record_key()
    _tombstone()
    _tag()
    _event()
    _event_body()
    _subscription()
    _delivery()
    _attempt()
    _consumer()
    _api_key()
    _kept_answer()
    _vault_check()


def _workspace() -> None:
    op.create_table(
        "workspace",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("event_retention", sa.BigInteger(), nullable=False),
        sa.Column("body_retention", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.Column("update_time", sa.BigInteger(), nullable=False),
        sa.Column("delete_time", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def _event_log() -> None:
    op.create_table(
        "event_log",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("earliest", sa.BigInteger(), nullable=False),
        sa.Column("last_time", sa.BigInteger(), nullable=False),
        sa.Column("subscriptions_version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id"),
    )


def _record() -> None:
    op.create_table(
        "record",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.Column("update_time", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
    )
    op.create_index("record_of_type", "record", ["workspace_id", "type", "id"], unique=False)


def _record_reference() -> None:
    op.create_table(
        "record_reference",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "target_id", "field", "source_id"),
        sqlite_with_rowid=False,
    )


def _record_key() -> None:
    op.create_table(
        "record_key",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "type", "field", "value"),
    )


def _tombstone() -> None:
    op.create_table(
        "tombstone",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("delete_time", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
    )


def _tag() -> None:
    op.create_table(
        "tag",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sa.UniqueConstraint("workspace_id", "folded_name", name="tag_name"),
    )


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("commit_time", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Integer(), nullable=False),
        sa.Column("api_key_id", sa.Text(), nullable=False),
        sa.Column("facets", sa.Text(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "sequence"),
    )
    op.create_index("event_by_time", "event", ["workspace_id", "commit_time"], unique=False)
    op.create_index("event_id", "event", ["id"], unique=True)
    op.create_index("event_of_record", "event", ["workspace_id", "record_id", "sequence"], unique=False)


def _event_body() -> None:
    op.create_table(
        "event_body",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("shape", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "shape"),
    )
    op.create_index("event_body_by_age", "event_body", ["workspace_id", "create_time"], unique=False)


def _subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("target_url", sa.Text(), nullable=False),
        sa.Column("filter", sa.LargeBinary(), nullable=False),
        sa.Column("payload_format", sa.Integer(), nullable=False),
        sa.Column("decimals_as_strings", sa.Boolean(), nullable=False),
        sa.Column("headers", sa.LargeBinary(), nullable=True),
        sa.Column("retry_delays", sa.Text(), nullable=False),
        sa.Column("retry_disabled", sa.Boolean(), nullable=False),
        sa.Column("request_timeout", sa.BigInteger(), nullable=False),
        sa.Column("max_in_flight", sa.Integer(), nullable=False),
        sa.Column("max_per_minute", sa.Integer(), nullable=False),
        sa.Column("ca_certificate_pem", sa.Text(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("state_reason", sa.Integer(), nullable=False),
        sa.Column("state_time", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("secret_fingerprint", sa.Text(), nullable=False),
        sa.Column("retiring_secret", sa.LargeBinary(), nullable=True),
        sa.Column("rotation_end_time", sa.BigInteger(), nullable=True),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.Column("update_time", sa.BigInteger(), nullable=False),
        sa.Column("create_api_key_id", sa.Text(), nullable=False),
        sa.Column("consecutive_failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("last_success_time", sa.BigInteger(), nullable=True),
        sa.Column("last_failure_time", sa.BigInteger(), nullable=True),
        sa.Column("last_failure", sa.Integer(), nullable=False),
        sa.Column("delete_time", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "subscription_name",
        "subscription",
        ["workspace_id", "name"],
        unique=True,
        sqlite_where=sa.text("delete_time IS NULL"),
        postgresql_where=sa.text("delete_time IS NULL"),
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.Column("event_version", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("shape", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("earlier_attempt_count", sa.Integer(), nullable=False),
        sa.Column("due_time", sa.BigInteger(), nullable=True),
        sa.Column("lease", sa.Text(), nullable=False),
        sa.Column("last_outcome", sa.Integer(), nullable=False),
        sa.Column("last_http_status", sa.Integer(), nullable=False),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.Column("end_time", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("delivery_by_end", "delivery", ["subscription_id", "end_time"], unique=False)
    op.create_index(
        "delivery_due",
        "delivery",
        ["subscription_id", "due_time", "id"],
        unique=False,
        sqlite_where=sa.text("due_time IS NOT NULL"),
        postgresql_where=sa.text("due_time IS NOT NULL"),
    )
    op.create_index("delivery_of_event", "delivery", ["event_id"], unique=False)
    op.create_index(
        "delivery_of_subscription", "delivery", ["subscription_id", "create_time", "event_sequence", "id"], unique=False
    )
    op.create_index(
        "delivery_of_workspace", "delivery", ["workspace_id", "create_time", "event_sequence", "id"], unique=False
    )


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Integer(), nullable=False),
        sa.Column("start_time", sa.BigInteger(), nullable=False),
        sa.Column("duration", sa.BigInteger(), nullable=False),
        sa.Column("target_url", sa.Text(), nullable=False),
        sa.Column("remote_ip", sa.Text(), nullable=False),
        sa.Column("request_headers", sa.Text(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=False),
        sa.Column("response_headers", sa.Text(), nullable=False),
        sa.Column("response_body", sa.LargeBinary(), nullable=False),
        sa.Column("response_truncated", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("retry_after", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", "number"),
    )


def _consumer() -> None:
    op.create_table(
        "consumer",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.Column("commit_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "name"),
    )


def _api_key() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("retiring_hash", sa.LargeBinary(), nullable=True),
        sa.Column("rotation_end_time", sa.BigInteger(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("expire_time", sa.BigInteger(), nullable=True),
        sa.Column("revoke_time", sa.BigInteger(), nullable=True),
        sa.Column("last_use_time", sa.BigInteger(), nullable=True),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.Column("create_api_key_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
        sa.UniqueConstraint("retiring_hash"),
    )
    op.create_index("api_key_of_workspace", "api_key", ["workspace_id", "id"], unique=False)


def _kept_answer() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("workspace_id", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "method", "request_id"),
    )
    op.create_index("kept_answer_by_age", "kept_answer", ["create_time"], unique=False)


def _vault_check() -> None:
    op.create_table(
        "vault_check",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
