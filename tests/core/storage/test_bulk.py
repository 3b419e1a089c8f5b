"""How many rows are written by one statement."""

import pytest
from sqlalchemy import select

from clockwire.storage.bulk import BulkInsert, BulkUpdate
from clockwire.storage.tables import tag

NAMES = ["workspace_id", "id", "name", "folded_name"]


def rows(count, name="name"):
    return [("w", f"{each:04}", f"{name} {each}", f"{name} {each}") for each in range(count)]


def stored(database):
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(select(tag).order_by(tag.c.id))]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 255, 256, 257, 1000])
def test_every_row_is_stored_whatever_their_number(database, count):
    with database.writing() as connection:
        BulkInsert(tag, NAMES).run(connection, rows(count))

    assert stored(database) == rows(count)


def test_replacing_overwrites_the_row_that_has_the_key(database):
    with database.writing() as connection:
        BulkInsert(tag, NAMES).run(connection, rows(3, "old"))
        BulkInsert(tag, NAMES, replace=True).run(connection, rows(5, "new"))

    assert stored(database) == rows(5, "new")


def test_ignoring_leaves_the_row_that_has_the_key(database):
    with database.writing() as connection:
        BulkInsert(tag, NAMES).run(connection, rows(3, "old"))
        BulkInsert(tag, NAMES, ignore=True).run(connection, rows(5, "new"))

    assert stored(database) == rows(3, "old") + rows(5, "new")[3:]


def test_an_update_gives_each_row_its_own_values_and_counts_those_it_found(database):
    with database.writing() as connection:
        BulkInsert(tag, NAMES).run(connection, rows(300))
        update = BulkUpdate(tag, keys=["workspace_id", "id"], columns=["name"])
        found = update.run(connection, [("w", f"{each:04}", f"changed {each}") for each in range(0, 400, 2)])

    assert found == 150
    assert [name for _, _, name, _ in stored(database)] == [
        f"changed {each}" if each % 2 == 0 else f"name {each}" for each in range(300)
    ]


def test_text_and_bytes_come_back_as_they_were(database):
    hostile = "Übergröße ✓ '; DROP TABLE tag; -- \" \\ \t\n%s ?"
    with database.writing() as connection:
        BulkInsert(tag, NAMES).run(connection, [("w", "1", hostile, hostile)])

    assert stored(database) == [("w", "1", hostile, hostile)]
