"""Names, and who a user is elsewhere, among the references."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

_PAGE = 2_000
_LONGEST = 255
# Of projects, tasks and users.
_NAMES = {1: "project_name", 2: "task_name", 7: "user_name"}
_LINKS = ("slack_user_id", "github_login")

_record = sa.table(
    "record",
    sa.column("workspace_id", sa.Text()),
    sa.column("id", sa.Text()),
    sa.column("type", sa.Integer()),
    sa.column("fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
)
_reference = sa.table("record_reference", *map(sa.column, ("workspace_id", "target_id", "field", "source_id")))


def upgrade() -> None:
    """What there is already is found by its words, too."""
    for page in _pages(op.get_bind()):
        rows = [
            {"workspace_id": row.workspace_id, "target_id": f"={word.casefold()}", "field": field, "source_id": row.id}
            for row in page
            for field, word in _words(row.type, row.fields)
        ]
        if rows:
            op.bulk_insert(_reference, rows)


def _pages(connection: sa.Connection) -> Iterator[list[Any]]:
    key, last = sa.tuple_(_record.c.workspace_id, _record.c.id), ("", "")
    query = sa.select(_record).where(_record.c.type.in_(_NAMES)).order_by(_record.c.workspace_id, _record.c.id)
    while page := connection.execute(query.where(key > last).limit(_PAGE)).all():
        yield list(page)
        last = (page[-1].workspace_id, page[-1].id)


def _words(type_: int, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if name := fields.get(_NAMES[type_]):
        yield _NAMES[type_], name
    custom = fields.get("custom_fields", {}) if type_ == 7 else {}
    for link in _LINKS:
        word = custom.get(link)
        if isinstance(word, str) and word.startswith("s") and len(word) <= _LONGEST + 1:  # the mark of a text
            yield f"custom_fields.{link}", word[1:]
