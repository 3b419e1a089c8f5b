"""Somebody who keeps records: makes, changes and deletes them through the writer, and reads what the log says of it."""

from datetime import date

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from sqlalchemy import select

from clockwire.model.instants import HOUR, MINUTE, SECOND, to_timestamp
from clockwire.model.mutations import Creation, Deletion, Revision
from clockwire.model.record_types import RECORD_TYPES, info_of_token
from clockwire.operations import records
from clockwire.storage.tables import event
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record, RecordKey
from tests.support.clock import MORNING


class Bookkeeper:
    """Acts in one workspace. Fields of a body are keywords; see `value`."""

    def __init__(self, work, caller):
        self.work = work
        self.caller = caller

    async def run(self, operation, *, dry=False):
        """What the operation returns."""
        written = await self.work.writer.write(operation, self.caller, dry=dry)
        return written.result

    async def create(self, token, **fields):
        """A new record, as it was answered."""
        sent = record_of(token, **fields)
        return (await self.run(lambda transaction: records.create_record(transaction, sent))).record

    async def change(self, stored, *, paths=None, allow_missing=False, etag="", **fields):
        """What became of an update of these fields; one of None is cleared."""
        token = RECORD_TYPES[stored.type].token
        sent = record_of(
            token, id=stored.id, etag=etag, **{key: each for key, each in fields.items() if each is not None}
        )
        body = RECORD_TYPES[stored.type].body_field
        mask = FieldMask(paths=[f"{body}.{name}" for name in fields] if paths is None else paths)
        revision = Revision(record=sent, mask=mask, allow_missing=allow_missing)
        return await self.run(lambda transaction: records.update_record(transaction, revision))

    async def update(self, stored, **fields):
        """The record after an update of these fields."""
        return (await self.change(stored, **fields)).record

    async def delete(self, stored, **how):
        """How many records were deleted."""
        deletion = Deletion(key=RecordKey(id=stored.id), **how)
        return await self.run(lambda transaction: records.delete_record(transaction, deletion))

    async def batch(self, *mutations):
        """What became of each."""
        return await self.run(lambda transaction: records.batch_mutate(transaction, mutations))

    async def read(self, stored):
        """The record as it is read."""
        return await self.work.database.read(records.get_record, self.caller.workspace_id, RecordKey(id=stored.id))

    async def events(self):
        """The whole log."""
        return [Event.FromString(message) for message, _ in await self._entries()]

    async def befores(self):
        """The state before each event, None for a creation."""
        return [before and Record.FromString(before) for _, before in await self._entries()]

    async def types(self, start=0):
        """The types of the events, from the one with this index on."""
        return [each.type for each in await self.events()][start:]

    async def _entries(self):
        query = select(event.c.message, event.c.before).where(event.c.workspace_id == self.caller.workspace_id)
        return await self.work.database.read(
            lambda connection: connection.execute(query.order_by(event.c.sequence)).all()
        )


def creation(token, **fields):
    """A creation for a batch."""
    return Creation(record_of(token, **fields))


def record_of(token, **fields):
    """A record with these fields in its body, and custom ones."""
    record = Record(**{name: fields.pop(name) for name in ("id", "external_id", "etag") if name in fields})
    if "custom_fields" in fields:
        record.custom_fields.update(fields.pop("custom_fields"))
    body = getattr(record, info_of_token(token).body_field)
    body.SetInParent()
    for name, each in fields.items():
        assign(body, name, value(name, each))
    return record


def value(name, each):
    """What the contract has for a Python value: Decimals for text in money fields, days, lengths in hours, instants."""
    if isinstance(each, date):
        return Date(year=each.year, month=each.month, day=each.day)
    if isinstance(each, str) and name in _DECIMALS:
        return Decimal(value=each)
    if (name.endswith("_time") and name in _LENGTHS) or name == "duration":
        return Duration(seconds=int(each * 3600), nanos=0)
    if name.endswith("_time") and isinstance(each, int):
        return to_timestamp(each)
    return each


def assign(body, name, each):
    """The field has this value."""
    if isinstance(each, list):
        getattr(body, name).extend(each)
    elif hasattr(each, "CopyFrom"):
        getattr(body, name).CopyFrom(each)
    else:
        setattr(body, name, each)


def at(hour, minute=0):
    """A time on the day of the tests, 2025-01-15, in UTC."""
    return MORNING - 9 * HOUR + hour * HOUR + minute * MINUTE


def hours(duration):
    """A length of time in hours."""
    return (duration.seconds + duration.nanos / 1e9) / (HOUR // SECOND)


_DECIMALS = {column.path for info in RECORD_TYPES.values() for column in info.columns if column.kind == "decimal"}
_LENGTHS = {column.path for info in RECORD_TYPES.values() for column in info.columns if column.kind == "duration"}
