"""How records are found by a part of a name, as people type it, and which one is the newest."""

import unicodedata
from itertools import islice

from sqlalchemy import Connection

from clockwire.model.filters import parse_filter
from clockwire.model.filters.paths import path_of
from clockwire.operations.reading import with_labels
from clockwire.storage.records import select_records
from clockwire.storage.searching import find_newest, select_texts
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record


def search(
    connection: Connection,
    workspace_id: str,
    type_: "RecordType.ValueType",
    *,
    path: str,
    part: str,
    filter_: str = "",
    limit: int,
) -> list[Record]:
    """Records whose text at a path holds *part*, whatever the case of either: the newest first, with their labels.

    Those whose text is *part* and nothing more come before all others that were found.
    """
    texts = select_texts(connection, workspace_id, type_, path_of([path], type_), parse_filter(filter_, type_))
    wanted = _folded(part)
    found = [*islice(((id_, _folded(text)) for id_, text in texts if wanted in _folded(text)), limit)]
    ids = [id_ for id_, text in sorted(found, key=lambda each: each[1] != wanted)]
    records = select_records(connection, workspace_id, ids)
    return with_labels(connection, workspace_id, [records[id_] for id_ in ids])


def newest(
    connection: Connection, workspace_id: str, type_: "RecordType.ValueType", *, filter_: str = ""
) -> Record | None:
    """The record that was created last of those that a filter lets through, with its labels; None if there is none."""
    found = find_newest(connection, workspace_id, type_, parse_filter(filter_, type_))
    return with_labels(connection, workspace_id, [found])[0] if found else None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
