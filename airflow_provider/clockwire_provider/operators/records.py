"""Tasks that write and read records.

A record's fields are given by their proto names ("project_name") or their column names ("ProjectName"); values may be
text, as templates make them: a day "2024-01-15", an amount "125.50", a length of time "5400s" or "1:30".

Every write carries a request_id made from the task instance, so a retry, also after an answer that was lost, is the
same write. The record comes back as a flat dictionary by proto names; the XCom `cursor` is the place in the event log
after the write: give it to a sensor as its `start`, and the sensor misses nothing that comes of it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, Context

from clockwire_provider.hooks.clockwire import ClockwireHook
from clockwire_provider.task_instance import client_for, request_id_of

if TYPE_CHECKING:
    from clockwire.v1.common_pb2 import MutationInfo


class ClockwireCreateRecordOperator(BaseOperator):
    """Stores a new record and returns it.

    :param record_type: project, task, timelog, subproject, expense, client, user, inventory, category, invoice or
        billingrate
    :param fields: its fields; `id`, `external_id` and `custom_fields` are among them
    """

    template_fields: Sequence[str] = ("record_type", "fields", "clockwire_conn_id")
    template_fields_renderers = {"fields": "json"}

    def __init__(
        self,
        *,
        record_type: str,
        fields: Mapping[str, Any],
        clockwire_conn_id: str = ClockwireHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.record_type = record_type
        self.fields = fields
        self.clockwire_conn_id = clockwire_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """The record as it was stored."""
        from clockwire.client import fields_of

        with client_for(self, context) as client:
            created = client.create(self.record_type, request_id=request_id_of(context), **self.fields)
        _push_place(context, created.mutation)
        return fields_of(created.record)


class ClockwireUpdateRecordOperator(BaseOperator):
    """Writes the given fields of one record, None clearing one, and returns the record.

    :param record_type: see ClockwireCreateRecordOperator
    :param fields: the fields to write; all others stay as they are
    :param record_id: the record's id
    :param external_id: or else its id in the system it came from
    :param allow_missing: create it if there is none: the upsert, best by `external_id`
    :param etag: write only if this is still the record's etag
    """

    template_fields: Sequence[str] = (
        "record_type",
        "fields",
        "record_id",
        "external_id",
        "etag",
        "clockwire_conn_id",
    )
    template_fields_renderers = {"fields": "json"}

    def __init__(
        self,
        *,
        record_type: str,
        fields: Mapping[str, Any],
        record_id: str = "",
        external_id: str = "",
        allow_missing: bool = False,
        etag: str = "",
        clockwire_conn_id: str = ClockwireHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_key(record_id, external_id)
        self.record_type = record_type
        self.fields = fields
        self.record_id = record_id
        self.external_id = external_id
        self.allow_missing = allow_missing
        self.etag = etag
        self.clockwire_conn_id = clockwire_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """The record as it was stored."""
        from clockwire.client import fields_of

        key = {"id": self.record_id} if self.record_id else {"external_id": self.external_id}
        etag = {"etag": self.etag} if self.etag else {}
        with client_for(self, context) as client:
            updated = client.update(
                self.record_type,
                allow_missing=self.allow_missing,
                request_id=request_id_of(context),
                **{**self.fields, **key, **etag},
            )
        _push_place(context, updated.mutation)
        context["ti"].xcom_push(key="created", value=updated.created)
        return fields_of(updated.record)


class ClockwireGetRecordOperator(BaseOperator):
    """Returns one record.

    :param record_type: see ClockwireCreateRecordOperator
    :param record_id: the record's id
    :param external_id: or else its id in the system it came from
    :param allow_missing: return None, and do not fail, if there is no such record or it was deleted
    """

    template_fields: Sequence[str] = ("record_type", "record_id", "external_id", "clockwire_conn_id")

    def __init__(
        self,
        *,
        record_type: str,
        record_id: str = "",
        external_id: str = "",
        allow_missing: bool = False,
        clockwire_conn_id: str = ClockwireHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_key(record_id, external_id)
        self.record_type = record_type
        self.record_id = record_id
        self.external_id = external_id
        self.allow_missing = allow_missing
        self.clockwire_conn_id = clockwire_conn_id

    def execute(self, context: Context) -> dict[str, Any] | None:
        """The record as it is stored now."""
        from clockwire.client import fields_of
        from clockwire.client.errors import NotFound

        with client_for(self, context) as client:
            try:
                return fields_of(client.get(self.record_type, self.record_id, external_id=self.external_id))
            except NotFound:
                if not self.allow_missing:
                    raise
                return None


class ClockwireDeleteRecordOperator(BaseOperator):
    """Deletes one record and returns how many went with it.

    :param record_type: see ClockwireCreateRecordOperator
    :param record_id: the record's id
    :param external_id: or else its id in the system it came from
    :param force: also delete what cannot exist without it
    :param allow_missing: do not fail if there is no such record
    """

    template_fields: Sequence[str] = ("record_type", "record_id", "external_id", "clockwire_conn_id")

    def __init__(
        self,
        *,
        record_type: str,
        record_id: str = "",
        external_id: str = "",
        force: bool = False,
        allow_missing: bool = False,
        clockwire_conn_id: str = ClockwireHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_key(record_id, external_id)
        self.record_type = record_type
        self.record_id = record_id
        self.external_id = external_id
        self.force = force
        self.allow_missing = allow_missing
        self.clockwire_conn_id = clockwire_conn_id

    def execute(self, context: Context) -> dict[str, int]:
        """`deleted_count`, the record itself included."""
        with client_for(self, context) as client:
            deleted = client.delete(
                self.record_type,
                self.record_id,
                external_id=self.external_id,
                force=self.force,
                allow_missing=self.allow_missing,
                request_id=request_id_of(context),
            )
        _push_place(context, deleted.mutation)
        return {"deleted_count": deleted.deleted_count}


def _check_key(record_id: str, external_id: str) -> None:
    if bool(record_id) == bool(external_id):
        raise ValueError("name the record by record_id or by external_id: exactly one of them")


def _push_place(context: Context, mutation: "MutationInfo") -> None:
    context["ti"].xcom_push(key="cursor", value=mutation.cursor)
    context["ti"].xcom_push(key="event_ids", value=list(mutation.event_ids))
