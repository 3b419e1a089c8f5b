"""Records by a word of theirs, such as a name: found by a key among the references, whatever number of others there is.

`model/names.py` says which words there are.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, exists, select

from clockwire.model.names import key_of
from clockwire.storage.tables import record, record_reference
from clockwire.v1.records_pb2 import Record

#: A field that refers to a record, and the record's id.
Place = tuple[str, str]


def select_called(
    connection: Connection, workspace_id: str, field: str, word: str, *, within: Place | None = None
) -> Sequence[Record]:
    """The records whose *field* holds this word, in whatever case, in the order of ids; of those *within* if given."""
    if "\0" in word:  # which PostgreSQL does not even look for
        return ()
    words = record_reference.alias("words")
    same = and_(record.c.workspace_id == words.c.workspace_id, record.c.id == words.c.source_id)
    query = (
        select(record.c.message)
        .select_from(words.join(record, same))
        .where(words.c.workspace_id == workspace_id, words.c.target_id == key_of(word), words.c.field == field)
    )
    if within is not None:
        field_of_place, id_ = within
        place = record_reference.alias("place")
        refers = and_(
            place.c.workspace_id == words.c.workspace_id,
            place.c.target_id == id_,
            place.c.field == field_of_place,
            place.c.source_id == words.c.source_id,
        )
        query = query.where(exists().where(refers))
    return [Record.FromString(message) for message in connection.scalars(query.order_by(words.c.source_id))]
