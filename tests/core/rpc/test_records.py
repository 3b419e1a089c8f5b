"""RecordService over a real socket."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.client.errors import (
    EtagMismatch,
    FieldInvalid,
    PageTokenInvalid,
    RecordDeleted,
    RecordInUse,
    RecordNotFound,
    ReferenceMissing,
    RequestIdReused,
    ScopeMissing,
)
from clockwire.model.identifiers import new_id
from clockwire.model.record_types import RECORD_TYPES
from clockwire.v1 import record_service_pb2 as messages
from clockwire.v1.common_pb2 import RECORD_TYPE_CLIENT, RECORD_TYPE_PROJECT, RECORD_TYPE_TIME_LOG
from clockwire.v1.records_pb2 import PROJECT_STATUS_ACTIVE, PROJECT_STATUS_CLOSED, Client, Project, Record, RecordKey
from tests.support.server import ON_SQLITE


@pytest.fixture
async def records(server):
    """The service, called with a key that may do everything."""
    async with server.client() as client:
        yield client.records


def creation(name="Acme", **fields):
    return messages.CreateRecordRequest(record=Record(client=Client(client_name=name), **fields))


async def create(records, name="Acme", **fields):
    return (await records.CreateRecord(creation(name, **fields))).record


async def test_a_record_goes_through_its_whole_life(records):
    made = await records.CreateRecord(creation())
    key = RecordKey(id=made.record.id)
    read = await records.GetRecord(messages.GetRecordRequest(key=key))
    sent = Record(id=made.record.id, client=Client(city="Bonn"), etag=made.record.etag)
    changed = await records.UpdateRecord(messages.UpdateRecordRequest(record=sent))
    deleted = await records.DeleteRecord(messages.DeleteRecordRequest(key=key))

    assert read.record == made.record
    assert changed.record.client.client_name == "Acme"
    assert changed.record.client.city == "Bonn"
    assert deleted.deleted_count == 1
    assert [len(each.mutation.event_ids) for each in (made, changed, deleted)] == [1, 1, 1]
    assert len({each.mutation.cursor for each in (made, changed, deleted)}) == 3
    with pytest.raises(RecordDeleted):
        await records.GetRecord(messages.GetRecordRequest(key=key))


async def test_a_repeated_request_is_one_write(records):
    request = creation()
    request.request_id = new_id(0)
    first, second = await records.CreateRecord(request), await records.CreateRecord(request)
    request.record.client.client_name = "Other"

    assert second.record == first.record
    assert (first.mutation.replayed, second.mutation.replayed) == (False, True)
    with pytest.raises(RequestIdReused):
        await records.CreateRecord(request)


async def test_a_validation_stores_nothing(records):
    request = creation()
    request.validate_only = True
    checked = await records.CreateRecord(request)

    assert checked.record.version == 1
    assert not checked.HasField("mutation")
    with pytest.raises(RecordNotFound):
        await records.GetRecord(messages.GetRecordRequest(key=RecordKey(id=checked.record.id)))


async def test_an_upsert_says_whether_it_created(records):
    sent = Record(external_id="crm-1", client=Client(client_name="Acme"))
    request = messages.UpdateRecordRequest(record=sent, allow_missing=True)
    first, second = await records.UpdateRecord(request), await records.UpdateRecord(request)

    assert (first.created, second.created) == (True, False)
    assert list(second.mutation.event_ids) == []
    assert second.mutation.cursor == first.mutation.cursor


async def test_projects_are_closed_and_reopened(records):
    project = messages.CreateRecordRequest(record=Record(project=Project(project_name="Shop")))
    key = RecordKey(id=(await records.CreateRecord(project)).record.id)
    closed = await records.CloseRecord(messages.CloseRecordRequest(key=key, close_children=True))
    again = await records.CloseRecord(messages.CloseRecordRequest(key=key))
    opened = await records.ReopenRecord(messages.ReopenRecordRequest(key=key))

    assert (closed.record.project.status, len(closed.mutation.event_ids)) == (PROJECT_STATUS_CLOSED, 2)
    assert (again.record, len(again.mutation.event_ids)) == (closed.record, 0)
    assert opened.record.project.status == PROJECT_STATUS_ACTIVE


async def test_a_batch_answers_for_each_mutation(records):
    made, id_ = await create(records), new_id(0)
    update = messages.UpdateRecordRequest(record=Record(id=made.id, client=Client(client_name="Acme")))
    response = await records.BatchMutateRecords(
        messages.BatchMutateRecordsRequest(
            mutations=[
                messages.RecordMutation(create=creation("New", id=id_)),
                messages.RecordMutation(update=update),
                messages.RecordMutation(delete=messages.DeleteRecordRequest(key=RecordKey(id=id_))),
            ]
        )
    )

    assert [(each.created, each.unchanged, each.record.id) for each in response.results] == [
        *((True, False, id_), (False, True, made.id), (False, False, ""))
    ]
    assert len(response.mutation.event_ids) == 2


async def test_the_first_mutation_that_fails_is_named(records):
    project = Record(project=Project(project_name="Shop", client_id=new_id(0)))
    mutations = [creation(), messages.CreateRecordRequest(record=project)]
    request = messages.BatchMutateRecordsRequest(mutations=[messages.RecordMutation(create=each) for each in mutations])

    with pytest.raises(ReferenceMissing) as refused:
        await records.BatchMutateRecords(request)
    assert refused.value.metadata["index"] == "1"
    assert (await records.ListRecords(messages.ListRecordsRequest(type=RECORD_TYPE_CLIENT))).records == []


@pytest.mark.parametrize(
    "mutation",
    [
        messages.RecordMutation(),
        messages.RecordMutation(create=messages.CreateRecordRequest(request_id=new_id(0))),
        messages.RecordMutation(update=messages.UpdateRecordRequest(validate_only=True)),
        messages.RecordMutation(delete=messages.DeleteRecordRequest(validate_only=True)),
    ],
)
@ON_SQLITE
async def test_a_mutation_in_a_batch_has_no_options_of_its_own(records, mutation):
    with pytest.raises(FieldInvalid):
        await records.BatchMutateRecords(messages.BatchMutateRecordsRequest(mutations=[mutation]))


async def test_lists_go_on_where_they_ended(records):
    made = [await create(records, name) for name in "abc"]
    request = messages.ListRecordsRequest(type=RECORD_TYPE_CLIENT, page_size=2, order_by="client_name desc")
    first = await records.ListRecords(request)
    request.page_token = first.next_page_token
    second = await records.ListRecords(request)
    request.order_by = ""

    assert [*first.records, *second.records] == made[::-1]
    assert (second.next_page_token, second.cursor) == ("", first.cursor)
    with pytest.raises(PageTokenInvalid):
        await records.ListRecords(request)


async def test_readers_see_what_they_asked_for(records):
    made = await create(records)
    keys, mask = [RecordKey(id=new_id(0)), RecordKey(id=made.id)], FieldMask(paths=["client.client_name"])
    shown = Record(client=Client(client_name="Acme"))
    got = await records.GetRecord(messages.GetRecordRequest(key=keys[1], read_mask=mask))
    batch = await records.BatchGetRecords(messages.BatchGetRecordsRequest(keys=keys, read_mask=mask))

    assert got.record == shown
    assert ([*batch.records], [*batch.missing_keys]) == ([shown], keys[:1])


async def test_what_is_refused_has_its_reason(records):
    made = await create(records)
    project = Record(project=Project(project_name="Shop", client_id=made.id))
    await records.CreateRecord(messages.CreateRecordRequest(record=project))
    sent = Record(id=made.id, etag='"9"', client=Client(city="Bonn"))

    with pytest.raises(EtagMismatch):
        await records.UpdateRecord(messages.UpdateRecordRequest(record=sent))
    with pytest.raises(RecordInUse):
        await records.DeleteRecord(messages.DeleteRecordRequest(key=RecordKey(id=made.id)))


@ON_SQLITE
async def test_types_are_described(records):
    types = {each.type: each for each in (await records.ListRecordTypes(messages.ListRecordTypesRequest())).types}
    log = types[RECORD_TYPE_TIME_LOG]
    columns = {column.name: column for column in log.columns}

    assert types.keys() == RECORD_TYPES.keys()
    assert (log.token, log.entity_set, log.key_column) == ("timelog", "TimeLogs", "TimeLogID")
    assert (columns["ProjectID"].reference_type, columns["ProjectID"].kind) == (RECORD_TYPE_PROJECT, "uuid")
    assert (columns["UserID"].required, columns["ClientCost"].output_only) == (True, True)
    assert "Approved" in columns["ApprovalStatus"].enum_values
    assert all(column.description for column in log.columns)


@ON_SQLITE
async def test_a_key_needs_the_right_scope(server):
    async with server.client(server.new_key("records.read")) as client:
        assert await client.records.ListRecords(messages.ListRecordsRequest(type=RECORD_TYPE_CLIENT))
        with pytest.raises(ScopeMissing):
            await client.records.CreateRecord(creation())


@ON_SQLITE
async def test_no_key_reaches_into_another_workspace(server, records):
    made = await create(records)
    key = RecordKey(id=made.id)
    async with server.client(server.new_key(workspace_id=server.new_workspace())) as client:
        stub = client.records
        with pytest.raises(RecordNotFound):
            await stub.GetRecord(messages.GetRecordRequest(key=key))
        with pytest.raises(RecordNotFound):
            await stub.UpdateRecord(messages.UpdateRecordRequest(record=Record(id=made.id, client=Client(city="X"))))
        with pytest.raises(RecordNotFound):
            await stub.DeleteRecord(messages.DeleteRecordRequest(key=key, force=True))
        with pytest.raises(RecordNotFound):
            await stub.CloseRecord(messages.CloseRecordRequest(key=key))
        assert (await stub.ListRecords(messages.ListRecordsRequest(type=RECORD_TYPE_CLIENT))).records == []
        assert [*(await stub.BatchGetRecords(messages.BatchGetRecordsRequest(keys=[key]))).missing_keys] == [key]
