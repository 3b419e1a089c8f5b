"""What a database is before, during and after migrations."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from clockwire.storage.database import Database
from clockwire.storage.records import replace_records
from clockwire.storage.schema import (
    MIGRATIONS,
    VERSION_TABLE,
    SchemaError,
    SchemaState,
    is_current,
    migrate,
    prepare,
    require_current,
    revisions,
    schema_state,
)
from clockwire.storage.tables import metadata, record_reference
from clockwire.storage.timers import find_running, put_timer
from clockwire.storage.words import select_called
from clockwire.v1.common_pb2 import (
    RECORD_TYPE_PROJECT,
    RECORD_TYPE_TASK,
    RECORD_TYPE_TIME_LOG,
    RECORD_TYPE_USER,
)
from clockwire.v1.records_pb2 import Project, Record, Task, TimeLog, User
from clockwire.v1.timers_pb2 import Timer

_SHAPES = {
    "sqlite": ["SELECT type, tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL"],
    "postgresql": [
        """SELECT table_name, column_name, data_type, is_nullable, column_default
           FROM information_schema.columns WHERE table_schema = 'public'""",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
           FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    ],
}


@pytest.fixture
def bare(database: Database) -> Database:
    """A database without any table."""
    with database.writing() as connection:
        metadata.drop_all(connection)
        connection.execute(text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))
    return database


def test_the_migrations_make_exactly_the_tables_that_the_program_uses(bare):
    with bare.writing() as connection:
        metadata.create_all(connection)
        wanted = shape(connection)
        metadata.drop_all(connection)
    migrate(bare)
    with bare.reading() as connection:
        assert shape(connection) == wanted


def test_the_files_are_in_the_order_in_which_the_migrations_follow_each_other():
    script = ScriptDirectory(str(MIGRATIONS))
    assert revisions() == [each.revision for each in script.walk_revisions()][::-1]


def test_an_empty_database_is_made_on_the_spot(bare):
    assert schema_state(bare) is SchemaState.EMPTY
    prepare(bare)
    require_current(bare)


def test_only_a_database_with_the_newest_tables_is_current(bare):
    def current() -> bool:
        with bare.reading() as connection:
            return is_current(connection)

    assert not current()
    migrate(bare)
    assert current()
    with bare.writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0001'"))
    assert not current()


def test_migrating_twice_does_nothing_the_second_time(bare):
    assert migrate(bare)
    assert not migrate(bare)


def test_of_two_who_migrate_at_once_one_does_the_work(bare):
    other = Database(bare.url.render_as_string(hide_password=False))
    with closing(other), ThreadPoolExecutor(2) as threads:
        done = list(threads.map(migrate, [bare, other]))
    assert sorted(done) == [False, True]
    require_current(bare)


@pytest.mark.parametrize("use", [prepare, migrate, require_current])
def test_a_database_newer_than_the_program_is_refused_in_words(bare, use):
    migrate(bare)
    set_version(bare, "9999")
    with pytest.raises(SchemaError, match="newer version of Clockwire: run that version"):
        use(bare)


@pytest.mark.parametrize("use", [prepare, migrate])
def test_tables_of_another_program_are_left_alone(bare, use):
    with bare.writing() as connection:
        connection.execute(text("CREATE TABLE event (id INTEGER)"))
    with pytest.raises(SchemaError, match="database, or a schema, of its own"):
        use(bare)


def test_a_server_wants_its_tables_to_be_there(bare):
    with pytest.raises(SchemaError, match="run `clockwire migrate`"):
        require_current(bare)


def test_a_database_of_the_first_version_keeps_its_data_and_gets_timers(bare):
    _upgrade(bare, "0001")
    with bare.writing() as connection:
        there = set(sqlalchemy.inspect(connection).get_table_names())
        tables = [table for table in metadata.sorted_tables if table.name in there]
        for number, table in enumerate(tables):
            connection.execute(table.insert().values({each.name: _value(each, number) for each in table.columns}))
        before = {table.name: connection.execute(table.select()).all() for table in tables}
    assert schema_state(bare) is SchemaState.OLDER

    assert migrate(bare)

    require_current(bare)
    with bare.writing() as connection:
        assert {table.name: connection.execute(table.select()).all() for table in tables} == before
        running = Timer(id="t", user_id="u", state=Timer.STATE_RUNNING)
        put_timer(connection, "w", running)
        assert find_running(connection, "w", "u") == running


def test_what_a_database_of_an_earlier_version_holds_is_found_by_name(bare):
    _upgrade(bare, "0003")
    ada = Record(id="a", type=RECORD_TYPE_USER, user=User(user_name="Ada"))
    ada.custom_fields.update({"slack_user_id": "U1", "github_login": 7})
    shop = Record(id="b", type=RECORD_TYPE_PROJECT, project=Project(project_name="Größe"))
    paint = Record(id="c", type=RECORD_TYPE_TASK, task=Task(task_name="Paint", project_id="b"))
    log = Record(id="d", type=RECORD_TYPE_TIME_LOG, time_log=TimeLog(user_id="a"))
    with bare.writing() as connection:
        replace_records(connection, "w", [ada, shop, paint, log])

    assert migrate(bare)

    sought = [
        *(("user_name", "ADA"), ("custom_fields.slack_user_id", "u1"), ("custom_fields.github_login", "7")),
        *(("project_name", "grösse"), ("task_name", "paint")),
    ]
    with bare.reading() as connection:
        found = [[each.id for each in select_called(connection, "w", *each)] for each in sought]
        assert (
            connection.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(record_reference)).scalar() == 4
        )
    assert found == [["a"], ["a"], [], ["b"], ["c"]]


def _upgrade(database: Database, version: str) -> None:
    """The tables of an earlier version are made."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def _value(column: sqlalchemy.Column[object], number: int) -> object:
    """Some value of the column's type."""
    values = {bool: True, int: number, bytes: b"\x00\xff", dict: {"a": [number]}}
    return values.get(column.type.python_type, f"{column.name} {number}")


def shape(connection: Connection) -> set[tuple[object, ...]]:
    """Everything there is to know of the tables, but for the one that holds the version."""
    rows = [tuple(row) for query in _SHAPES[connection.dialect.name] for row in connection.execute(text(query))]
    assert rows
    return {tuple(" ".join(str(value).split()) for value in row) for row in rows if VERSION_TABLE not in str(row)}


def set_version(database: Database, version: str) -> None:
    """The database says it is of this version."""
    table = sqlalchemy.table(VERSION_TABLE, sqlalchemy.column("version_num"))
    with database.writing() as connection:
        connection.execute(sqlalchemy.update(table).values(version_num=version))
