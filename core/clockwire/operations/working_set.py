"""The records that one operation touches: read in bulk before they are needed, written in bulk when it ends.

Whatever an operation asks of records it asks here, so it sees its own changes; what was not thought of beforehand is
read when it is asked for. Records are without labels, and belong to the set: a change is a new record.
"""

from collections.abc import Iterable, Iterator, Sequence

from clockwire.model.errors import ValueTaken
from clockwire.model.identifiers import is_id
from clockwire.model.instants import Instant
from clockwire.model.names import words_of
from clockwire.model.references import labelled, references_of
from clockwire.model.rules.rate_book import RateBook
from clockwire.model.unique_values import UniqueValue, unique_values
from clockwire.model.workspace import Workspace
from clockwire.operations.tags import Tags
from clockwire.storage import records as rows
from clockwire.storage.records import Reference, ReferenceRow, Tombstone
from clockwire.storage.transaction import Transaction
from clockwire.v1.common_pb2 import RECORD_TYPE_BILLING_RATE
from clockwire.v1.records_pb2 import Record

_WAVES = 3


class WorkingSet:
    """The records of one operation, by id, as they were and as they are."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._workspace_id = transaction.workspace.id
        self.now: Instant = transaction.now
        self.workspace: Workspace = transaction.workspace
        self._records: dict[str, Record | None] = {"": None}
        self._stored: dict[str, Record | None] = {}
        self._changed: dict[str, bool] = {}  # whether its references may be others
        self._buried: list[Tombstone] = []
        self._graves: dict[str, Tombstone | None] = {}
        self._holders: dict[UniqueValue, str] = {}
        self._stored_holders: dict[UniqueValue, str] = {}  # of the values that change hands
        self._rates: RateBook | None = None
        self.tags = Tags(transaction)

    def prepare(self, sent: Iterable[Record], ids: Iterable[str] = ()) -> None:
        """What writing these records will ask for is read now. They come from a caller and may be wrong in any way."""
        bodies = [record for record in sent if record.WhichOneof("body")]
        wanted = {*ids, *(record.id for record in bodies), *(id_ for each in bodies for _, id_ in references_of(each))}
        self.load_values(value for record in bodies for value in _values_of(record))
        wanted.update(holder for holder in self._holders.values() if holder)
        self.load_around(id_ for id_ in wanted if is_id(id_))
        self.tags.load(tag for record in bodies for tag in record.time_log.tags)

    def load(self, ids: Iterable[str]) -> None:
        """These records are known, or known to be missing, with one query."""
        unknown = {id_ for id_ in ids if id_ not in self._records}
        if not unknown:
            return
        found = rows.select_records(self._connection, self._workspace_id, unknown)
        for id_ in unknown:
            self._records[id_] = self._stored[id_] = found.get(id_)

    def load_around(self, ids: Iterable[str]) -> None:
        """These records are known, and those that they refer to one by one, as labels and rules will want them."""
        wave = {id_ for id_ in ids if id_ not in self._records}
        for _ in range(_WAVES):
            if not wave:
                return
            self.load(wave)
            found = (record for id_ in wave if (record := self._records[id_]))
            near = {id_ for record in found for field, id_ in references_of(record) if not field.is_list}
            wave = {id_ for id_ in near if id_ not in self._records}

    def find(self, id_: str) -> Record | None:
        """The record as it is now."""
        try:
            return self._records[id_]
        except KeyError:
            self.load([id_])
            return self._records[id_]

    def find_deleted(self, id_: str) -> Tombstone | None:
        """What is left of a record that was deleted."""
        if id_ not in self._graves:
            found = rows.select_tombstones(self._connection, self._workspace_id, [id_])
            self._graves[id_] = found.get(id_)
        return self._graves[id_]

    def load_values(self, values: Iterable[UniqueValue]) -> None:
        """Who has these unique values is known, with one query."""
        unknown = {value for value in values if value not in self._holders and "\0" not in value.value}
        found = rows.select_holders(self._connection, self._workspace_id, unknown)
        for value in unknown:
            self._holders[value] = found.get(value, "")

    def holder_of(self, value: UniqueValue) -> str:
        """The id of the record that has this unique value, empty if none has it."""
        if value not in self._holders:
            self.load_values([value])
        return self._holders[value]

    def rates(self) -> RateBook:
        """The billing rates of the workspace."""
        if self._rates is None:
            self.flush()
            type_ = RECORD_TYPE_BILLING_RATE
            found = rows.select_all_of_type(self._connection, self._workspace_id, type_)
            self._rates = RateBook(record.billing_rate for record in found)
        return self._rates

    def references_to(self, ids: Iterable[str], *, limit: int) -> list[Reference]:
        """Who refers to these records; at most *limit*."""
        self.flush()
        return rows.select_references(self._connection, self._workspace_id, ids, limit=limit)

    def has_users(self, id_: str, field: str) -> bool:
        """Whether any record refers to this one with this field."""
        self.flush()
        return bool(rows.select_sources(self._connection, self._workspace_id, (id_, field), limit=1))

    def users_of(self, id_: str, field: str, *, types: Sequence[int]) -> Sequence[Record]:
        """The records of these types that refer to this one with this field, in the order of their ids."""
        self.flush()
        ids = rows.select_sources(self._connection, self._workspace_id, (id_, field), types=types)
        self.load(ids)
        return [record for each in ids if (record := self._records[each])]

    def labelled(self, record: Record) -> Record:
        """A copy of the record with its labels."""
        return labelled(record, self.find)

    def correct(self, record: Record) -> None:
        """The record is as it is here, and refers to the same ones as before."""
        self._records[record.id] = record
        self._changed.setdefault(record.id, False)

    def put(self, record: Record) -> None:
        """The record is as it is here."""
        self._records[record.id] = record
        self._changed[record.id] = True
        if record.type == RECORD_TYPE_BILLING_RATE:
            self._rates = None

    def claim_values(self, before: Record | None, after: Record) -> None:
        """The record has its unique values, and has given up those it had. Raises ValueTaken."""
        taken = [*unique_values(after)]
        for value, path, text in taken:
            holder = self.holder_of(value)
            if holder not in ("", after.id):
                raise ValueTaken(path, text, other_id=holder)
        if before is not None:
            self._hand_over(_values_of(before), before.id, "")
        self._hand_over((value for value, _, _ in taken), "", after.id)

    def bury(self, record: Record) -> None:
        """The record is gone; its id is not given out again."""
        grave = Tombstone(record.id, record.type, record.version + 1, self.now, self._transaction.head)
        self._buried.append(grave)
        self._graves[record.id] = grave
        self._records[record.id] = None
        self._changed.pop(record.id, None)
        self._hand_over(_values_of(record), record.id, "")
        if record.type == RECORD_TYPE_BILLING_RATE:
            self._rates = None

    def flush(self) -> None:
        """The database holds what the set holds: one statement a table, none for a table that has nothing to change."""
        changed = [record for id_ in self._changed if (record := self._records[id_])]
        self._flush_references([record for record in changed if self._changed[record.id]])
        self._flush_values()
        rows.delete_records(self._connection, self._workspace_id, self._buried)
        rows.replace_records(self._connection, self._workspace_id, changed)
        self._stored.update((record.id, record) for record in changed)
        self._stored.update((grave.id, None) for grave in self._buried)
        self._changed, self._buried = {}, []
        self.tags.flush()

    def is_private(self, record: Record) -> bool:
        """Whether the record was made by this operation and not written yet: then nobody else holds it."""
        return record.id in self._changed and self._stored.get(record.id) is not record

    def _flush_references(self, changed: Sequence[Record]) -> None:
        added: list[ReferenceRow] = []
        removed: list[ReferenceRow] = []
        for grave in self._buried:
            if (stored := self._stored.get(grave.id)) is not None:
                removed += _rows_of_references(stored)
        for record in changed:
            stored = self._stored.get(record.id)
            if stored is None:
                added += _rows_of_references(record)
            else:
                new, old = {*_rows_of_references(record)}, {*_rows_of_references(stored)}
                added += new - old
                removed += old - new
        rows.replace_references(self._connection, self._workspace_id, added=added, removed=removed)

    def _flush_values(self) -> None:
        moved = [(value, old, self._holders[value]) for value, old in self._stored_holders.items()]
        added = [(value, new) for value, old, new in moved if new and new != old]
        removed = [value for value, old, new in moved if old and new != old]
        rows.replace_keys(self._connection, self._workspace_id, added=added, removed=removed)
        self._stored_holders = {}

    def _hand_over(self, values: Iterable[UniqueValue], old: str, new: str) -> None:
        """The values belong to another record: to none, if that is empty."""
        for value in values:
            self._stored_holders.setdefault(value, self._holders.get(value, old))
            self._holders[value] = new


def _rows_of_references(record: Record) -> Sequence[ReferenceRow]:
    source_id = record.id
    found = [(id_, field[0], source_id) for field, id_ in references_of(record)]
    found += [(key, field, source_id) for field, key in words_of(record)]
    return found


def _values_of(record: Record) -> Iterator[UniqueValue]:
    return (value for value, _, _ in unique_values(record))
