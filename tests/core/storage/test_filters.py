"""Filters and orders mean the same in SQL, on both databases, as in the model."""

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from clockwire.model.filters import parse_filter
from clockwire.model.identifiers import new_id
from clockwire.model.ordering import parse_order
from clockwire.storage.filters import after, order_by, where
from clockwire.storage.records import replace_records
from clockwire.storage.tables import record
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Client, Project, Record, Task
from tests.support import any_records
from tests.support.filter_examples import FAIL, HOLD, example_task

WORKSPACE = new_id(0)
TASK = RecordType.RECORD_TYPE_TASK

# Without shrinking: a database makes that slow, and the notes say enough.
on_both = settings(
    phases=(Phase.reuse, Phase.generate),
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
types = st.sampled_from(any_records.TYPES)


@on_both
@given(st.data())
def test_the_database_finds_what_the_filter_matches(database, data):
    type_ = data.draw(types)
    world = data.draw(any_records.worlds(type_))
    for _ in range(3):
        filter_ = parse_filter(data.draw(any_records.filters(type_)), type_)
        note(filter_.text)
        matching = {each.id for each in of_type(world, type_) if filter_.matches(any_records.with_labels(each, world))}
        assert set(found(database, world, type_, filter_=filter_)) == matching


@on_both
@given(st.data())
def test_the_database_orders_as_the_model_does_and_goes_on_behind_any_record(database, data):
    type_ = data.draw(types)
    world = data.draw(any_records.worlds(type_))
    order = parse_order(data.draw(any_records.orders(type_)), type_)
    labelled = [any_records.with_labels(each, world) for each in of_type(world, type_)]
    positions = in_order(order, {each.id: order.position_of(each) for each in labelled})
    ids = [position[-1] for position in positions]
    note(repr(order))
    assert found(database, world, type_, order=order) == ids
    index = data.draw(st.integers(0, len(ids) - 1))
    order.check_position(positions[index])
    assert found(database, world, type_, order=order, position=positions[index]) == ids[index + 1 :]


def test_the_databases_agree_on_every_example(database):
    project = Record(id=new_id(1), project=Project(project_name="Roof"))
    task = example_task()
    task.task.project_id = project.id
    assert [text for text in HOLD if matching(database, [task, project], text) != [task.id]] == []
    assert [text for text in FAIL if matching(database, [task, project], text) != []] == []


def test_text_is_ordered_by_code_points_whatever_the_database_was_made_for():
    order = parse_order("task_name", TASK)
    for term in (
        where(parse_filter("task_name < 'a'", TASK), record, "postgresql"),
        after(order, ("a", "id"), record, "postgresql"),
        *order_by(order, record, "postgresql")[:1],
    ):
        assert 'COLLATE "C"' in str(term.compile(dialect=postgresql.dialect()))


def test_a_label_is_what_the_other_record_is_called_now(database):
    client = Record(id=new_id(1), client=Client(client_name="Acme"))
    project = Record(id=new_id(2), project=Project(project_name="Roof", client_id=client.id))
    task = Record(id=new_id(3), task=Task(task_name="Measure", project_id=project.id, project_name="Stale"))
    world = [client, project, task]
    assert matching(database, world, 'project_name = "Roof"') == [task.id]
    assert matching(database, world, 'client_name = "Ac*"') == [task.id]
    assert matching(database, world, f'client_id = "{client.id}"') == [task.id]
    assert matching(database, world, 'project_name = "Stale"') == []


def test_another_workspace_lends_no_labels(database):
    project = Record(id=new_id(1), project=Project(project_name="Roof"))
    task = Record(id=new_id(2), task=Task(task_name="Measure", project_id=project.id))
    with database.writing() as connection:
        replace_records(connection, new_id(9), [project])
    assert matching(database, [task], 'project_name = "Roof"') == []


@pytest.mark.parametrize("text", ["'; DROP TABLE record; --", '$."', "%s", "%(x)s", ":x", "?", "a\\"])
def test_hostile_text_is_only_text(database, text):
    task = Record(id=new_id(1), task=Task(task_name=text), external_id="x")
    for pattern in ("{}", "*{}", "{}*", "*{}*"):
        inner = any_records.quoted(text)[1:-1]
        assert matching(database, [task], f'task_name = "{pattern.format(inner)}"') == [task.id]
    assert matching(database, [task], f"custom_fields.{any_records.quoted('%s $.x')} != 'x'") == [task.id]


def matching(database, world, text):
    """The ids of the tasks that a filter finds."""
    return found(database, world, TASK, filter_=parse_filter(text, TASK))


def found(database, world, type_, *, filter_=None, order=None, position=None):
    """The ids of a type in a database that holds this world, for as long as it is asked."""
    order = order or parse_order("", type_)
    query = select(record.c.id).where(record.c.workspace_id == WORKSPACE, record.c.type == type_)
    if filter_ is not None:
        query = query.where(where(filter_, record, database.dialect))
    if position is not None:
        query = query.where(after(order, position, record, database.dialect))
    with database.writing() as connection:
        everything = connection.begin_nested()
        replace_records(connection, WORKSPACE, world)
        ids = connection.scalars(query.order_by(*order_by(order, record, database.dialect))).all()
        everything.rollback()
    return list(ids)


def of_type(world, type_):
    """The records of a type in a world."""
    return [each for each in world if each.type == type_]


def in_order(order, positions):
    """The positions sorted: by id, and then by each key, the most important last; None behind everything."""
    rows = sorted(positions.values(), key=lambda row: row[-1])
    for index, key in reversed([*enumerate(order.keys)]):
        full = [row for row in rows if row[index] is not None]
        empty = [row for row in rows if row[index] is None]
        full.sort(key=lambda row: row[index], reverse=key.descending)
        rows = full + empty
    return rows
