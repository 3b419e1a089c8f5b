"""What is promised of every record, whatever its type."""

import pytest

from clockwire.model.errors import (
    EtagMismatch,
    FieldInvalid,
    IdTaken,
    MaskInvalid,
    RecordDeleted,
    RecordNotFound,
    ReferenceMissing,
    ValueTaken,
)
from clockwire.model.identifiers import new_id
from clockwire.model.mutations import Deletion, Revision
from clockwire.operations import records
from clockwire.storage.tables import record, record_key, record_reference, tombstone
from clockwire.v1.common_pb2 import RECORD_TYPE_CLIENT, RECORD_TYPE_USER, RecordType
from clockwire.v1.records_pb2 import Record, RecordKey
from tests.support.bookkeeping import Bookkeeper, creation, record_of
from tests.support.writing import make_workspace


async def test_a_new_record_has_its_first_version_and_an_event(books, clock):
    client = await books.create("client", client_name="Acme")
    (event,) = await books.events()

    assert (client.version, client.etag, client.client.client_id) == (1, '"1"', client.id)
    assert client.create_time == client.update_time
    assert client.create_actor == books.caller.actor
    assert (event.type, event.record_id, event.version, event.record) == ("client.created", client.id, 1, client)


async def test_a_record_is_read_as_it_was_answered(books):
    client = await books.create("client", client_name="Acme", external_id="crm-1")

    assert await books.read(client) == client


async def test_what_only_the_server_may_write_is_ignored(books):
    sent = record_of("client", client_name="Acme", client_id="nonsense")
    sent.version, sent.create_actor.display_name = 40, "Me"
    made = (await books.run(lambda transaction: records.create_record(transaction, sent))).record

    assert (made.version, made.client.client_id) == (1, made.id)
    assert made.create_actor.display_name != "Me"


@pytest.mark.parametrize("type_", [RECORD_TYPE_USER, 99])
async def test_the_type_is_that_of_the_body_whatever_was_sent(books, type_):
    sent = record_of("client", client_name="Acme")
    sent.type = type_
    made = (await books.run(lambda transaction: records.create_record(transaction, sent))).record
    assert made.type == RECORD_TYPE_CLIENT

    sent.id, sent.client.client_name = made.id, "Acme Ltd"
    changed = (await books.run(lambda it: records.update_record(it, Revision(record=sent)))).record
    assert (changed.type, changed.client.client_name) == (RECORD_TYPE_CLIENT, "Acme Ltd")


async def test_a_new_record_has_no_etag_to_match(books):
    with pytest.raises(FieldInvalid, match="etag"):
        await books.run(lambda it: records.create_record(it, record_of("client", client_name="Acme", etag='"1"')))


async def test_ids_are_given_out_once(books):
    client = await books.create("client", client_name="Acme")
    with pytest.raises(IdTaken):
        await books.create("user", user_name="Ann", id=client.id)

    await books.delete(client)

    with pytest.raises(IdTaken):
        await books.create("client", client_name="Acme", id=client.id)


async def test_labels_are_those_that_hold_now_and_renaming_makes_no_other_events(books):
    client = await books.create("client", client_name="Acme")
    project = await books.create("project", project_name="Shop", client_id=client.id)
    task = await books.create("task", task_name="Paint", project_id=project.id)
    seen = len(await books.events())

    await books.update(client, client_name="Acme & Sons")

    assert await books.types(seen) == ["client.updated"]
    assert (await books.read(project)).project.client_name == "Acme & Sons"
    assert (await books.read(task)).task.client_id == client.id
    assert (await books.read(task)).task.client_name == "Acme & Sons"


async def test_events_carry_labels_before_and_after(books):
    client = await books.create("client", client_name="Acme")
    project = await books.create("project", project_name="Shop", client_id=client.id)
    await books.update(project, client_id=None)

    assert (await books.events())[1].record.project.client_name == "Acme"
    assert (await books.befores())[2].project.client_name == "Acme"
    assert (await books.events())[2].record.project.client_name == ""


async def test_an_update_writes_the_named_fields_and_says_which(books, clock):
    client = await books.create("client", client_name="Acme", city="Bonn")
    clock.now += 5_000_000
    changed = await books.update(client, city="Berlin", state=None)
    last = (await books.events())[-1]

    assert (changed.version, changed.client.client_name, changed.client.city) == (2, "Acme", "Berlin")
    assert changed.update_time != changed.create_time
    assert list(last.changed_paths.paths) == ["client.city"]
    assert (await books.befores())[-1] == client


async def test_a_write_that_changes_nothing_stores_nothing(books, clock):
    client = await books.create("client", client_name="Acme")
    clock.now += 5_000_000
    changed = await books.change(client, client_name="Acme")

    assert changed.unchanged
    assert changed.record == client == await books.read(client)
    assert await books.types() == ["client.created"]


async def test_an_update_may_insist_on_a_version(books):
    client = await books.create("client", client_name="Acme")
    await books.update(client, city="Bonn", etag=client.etag)

    with pytest.raises(EtagMismatch) as refused:
        await books.update(client, city="Berlin", etag=client.etag)
    assert refused.value.metadata == {"etag": '"2"', "version": "2"}


async def test_an_update_finds_a_record_by_its_external_id(books):
    client = await books.create("client", client_name="Acme", external_id="crm-1")
    sent = record_of("client", external_id="crm-1", city="Bonn")
    changed = await books.run(lambda it: records.update_record(it, Revision(record=sent)))

    assert (changed.record.id, changed.record.client.city) == (client.id, "Bonn")


async def test_an_upsert_creates_once(books):
    revision = Revision(record=record_of("client", client_name="Acme", external_id="crm-1"), allow_missing=True)
    first = await books.run(lambda it: records.update_record(it, revision))
    second = await books.run(lambda it: records.update_record(it, revision))

    assert (first.created, second.created, second.unchanged) == (True, False, True)
    assert await books.types() == ["client.created"]


async def test_an_update_of_what_is_missing_is_refused(books):
    with pytest.raises(RecordNotFound):
        await books.change(Record(id=new_id(0), type=RECORD_TYPE_CLIENT), client_name="Acme")
    with pytest.raises(FieldInvalid, match="external_id"):
        await books.run(lambda it: records.update_record(it, Revision(record=record_of("client", client_name="A"))))


async def test_the_kind_of_a_record_never_changes(books):
    client = await books.create("client", client_name="Acme")
    sent = record_of("user", id=client.id, user_name="Ann")

    with pytest.raises(FieldInvalid, match="client"):
        await books.run(lambda it: records.update_record(it, Revision(record=sent)))


async def test_masks_name_what_may_be_written(books):
    client = await books.create("client", client_name="Acme")

    with pytest.raises(MaskInvalid):
        await books.change(client, client_name="Acme", paths=["client.client_id"])
    with pytest.raises(FieldInvalid, match="required"):
        await books.change(client, client_name=None)


@pytest.mark.parametrize(
    ("token", "first", "second", "field"),
    [
        (
            "user",
            {"user_name": "Ann", "email": "Ann@Example.com"},
            {"user_name": "Bo", "email": "ann@example.COM"},
            "email",
        ),
        ("category", {"category_name": "Labor"}, {"category_name": "LABOR"}, "category_name"),
        ("inventory", {"inventory_name": "Bolt", "sku": "B1"}, {"inventory_name": "Nut", "sku": "B1"}, "sku"),
        ("client", {"client_name": "A", "external_id": "x"}, {"client_name": "B", "external_id": "x"}, "external_id"),
    ],
)
async def test_some_values_belong_to_one_record_only(books, token, first, second, field):
    holder = await books.create(token, **first)
    with pytest.raises(ValueTaken, match=field) as refused:
        await books.create(token, **second)
    assert refused.value.metadata["id"] == holder.id

    await books.delete(holder)

    assert await books.create(token, **second)


async def test_unique_values_may_change_hands_in_one_batch(books):
    one = await books.create("inventory", inventory_name="Bolt", sku="A")
    other = await books.create("inventory", inventory_name="Nut", sku="B")
    await books.batch(
        Revision(record=record_of("inventory", id=one.id, sku="C")),
        Revision(record=record_of("inventory", id=other.id, sku="A")),
        Revision(record=record_of("inventory", id=one.id, sku="B")),
    )

    assert [(await books.read(each)).inventory_item.sku for each in (one, other)] == ["B", "A"]


async def test_a_reference_must_lead_to_a_record_of_its_type(books):
    user = await books.create("user", user_name="Ann")
    with pytest.raises(ReferenceMissing) as missing:
        await books.create("project", project_name="Shop", client_id=new_id(0))
    with pytest.raises(ReferenceMissing):
        await books.create("project", project_name="Shop", client_id=user.id)

    assert missing.value.metadata["field"] == "record.project.client_id"
    assert missing.value.metadata["type"] == "client"


async def test_a_batch_may_refer_to_what_it_made_and_its_events_are_one_transaction(books):
    client_id = new_id(0)
    results = await books.batch(
        creation("client", id=client_id, client_name="Acme"),
        creation("project", project_name="Shop", client_id=client_id),
        Revision(record=record_of("client", id=client_id, client_name="Acme")),
        Revision(record=record_of("client", id=client_id, city="Bonn")),
        Deletion(key=RecordKey(id=new_id(0)), allow_missing=True),
    )
    events = await books.events()

    assert [(each.created, each.unchanged) for each in results] == [
        *((True, False), (True, False), (False, True), (False, False), (False, True))
    ]
    assert results[1].record.project.client_name == "Acme"
    assert [each.type for each in events] == ["client.created", "project.created", "client.updated"]
    assert {(each.transaction_id, each.transaction_size) for each in events} == {(events[0].transaction_id, 3)}


async def test_a_batch_is_all_or_nothing_and_says_which_failed(books):
    with pytest.raises(ReferenceMissing) as refused:
        await books.batch(
            creation("client", client_name="Acme"), creation("project", project_name="Shop", client_id=new_id(0))
        )

    assert refused.value.metadata["index"] == "1"
    assert await books.events() == []


@pytest.mark.parametrize("count", [0, 501])
async def test_a_batch_has_1_to_500_mutations(books, count):
    with pytest.raises(FieldInvalid, match="500"):
        await books.batch(*[creation("client", client_name="Acme")] * count)


async def test_a_dry_run_checks_everything_and_stores_nothing(books):
    sent = record_of("client", client_name="Acme")
    made = await books.run(lambda transaction: records.create_record(transaction, sent), dry=True)

    assert made.record.version == 1
    with pytest.raises(RecordNotFound):
        await books.read(made.record)
    with pytest.raises(FieldInvalid):
        await books.run(lambda transaction: records.create_record(transaction, record_of("client")), dry=True)


async def test_a_deleted_record_leaves_nothing_but_its_tombstone(books):
    client = await books.create("client", client_name="Acme", external_id="crm-1")
    project = await books.create("project", project_name="Shop", client_id=client.id)
    await books.delete(project)
    await books.delete(client)
    left = await books.work.database.read(
        lambda connection: [connection.execute(each.select()).all() for each in (record, record_reference, record_key)]
    )
    graves = await books.work.database.read(lambda connection: connection.execute(tombstone.select()).all())
    last = (await books.events())[-1]

    assert left == [[], [], []]
    assert {grave.id for grave in graves} == {client.id, project.id}
    assert (last.type, last.version, last.HasField("record")) == ("client.deleted", 2, False)


async def test_a_deleted_record_is_told_from_one_that_never_was(books):
    client = await books.create("client", client_name="Acme")
    await books.delete(client)

    with pytest.raises(RecordDeleted) as deleted:
        await books.read(client)
    with pytest.raises(RecordDeleted):
        await books.update(client, city="Bonn")
    with pytest.raises(RecordDeleted):
        await books.delete(client)
    with pytest.raises(RecordNotFound):
        await books.read(Record(id=new_id(0)))
    assert await books.delete(client, allow_missing=True) == 0
    assert deleted.value.metadata["cursor"]


async def test_many_records_are_read_by_keys_in_their_order(books):
    one, other = [await books.create("client", client_name=name, external_id=name) for name in ("a", "b")]
    keys = [
        RecordKey(id=other.id),
        RecordKey(id=new_id(0)),
        RecordKey(type=RECORD_TYPE_CLIENT, external_id="a"),
        RecordKey(type=RECORD_TYPE_USER, id=one.id),
    ]
    found, missing = await books.work.database.read(records.batch_get, books.caller.workspace_id, keys)

    assert found == [other, one]
    assert missing == [keys[1], keys[3]]


@pytest.mark.parametrize(
    "key",
    [
        RecordKey(),
        RecordKey(type=RECORD_TYPE_CLIENT),
        RecordKey(external_id="x"),
        RecordKey(id="no uuid"),
        RecordKey(id="\0"),
        RecordKey(type=RECORD_TYPE_CLIENT, external_id="\0"),
        RecordKey(type=RecordType.ValueType(99), external_id="x"),
    ],
)
async def test_a_key_that_names_nothing_is_refused(books, key):
    with pytest.raises(FieldInvalid):
        await books.work.database.read(records.get_record, books.caller.workspace_id, key)
    with pytest.raises(FieldInvalid):
        await books.run(lambda transaction: records.delete_record(transaction, Deletion(key=key)))


async def test_workspaces_do_not_see_each_other(books, database, clock):
    client = await books.create("client", client_name="Acme", external_id="crm-1")
    stranger = Bookkeeper(books.work, make_workspace(database, clock, "Other"))

    with pytest.raises(RecordNotFound):
        await stranger.read(client)
    with pytest.raises(RecordNotFound):
        await stranger.update(client, city="Bonn")
    with pytest.raises(RecordNotFound):
        await stranger.delete(client, force=True)
    with pytest.raises(ReferenceMissing):
        await stranger.create("project", project_name="Shop", client_id=client.id)
    assert (await stranger.create("client", client_name="Acme", external_id="crm-1", id=client.id)).id == client.id
    assert await books.read(client) == client


async def test_one_key_of_the_custom_fields_can_be_written(books):
    client = await books.create("client", client_name="Acme")
    sent = Record(id=client.id)
    sent.custom_fields.update({"a": 1, "b": "x"})
    await books.run(lambda it: records.update_record(it, Revision(record=sent)))
    sent.custom_fields.update({"a": 2, "b": "y"})
    revision = Revision(record=sent)
    revision.mask.paths.append("custom_fields.a")
    changed = await books.run(lambda it: records.update_record(it, revision))

    assert dict(changed.record.custom_fields) == {"a": 2, "b": "x"}
