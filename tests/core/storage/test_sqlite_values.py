"""In what form the values of rows are stored in SQLite."""

import pytest
from sqlalchemy import text

from clockwire.model.delivery import DeliveryKind, DeliveryState
from clockwire.model.outcome import OutcomeKind
from clockwire.storage.statements import run_statement
from tests.support.server import ON_SQLITE


@ON_SQLITE
@pytest.mark.parametrize(
    ("value", "stored", "kind"),
    [
        (None, None, "null"),
        (b"\0\xff", b"\0\xff", "blob"),
        (b"", b"", "blob"),
        (True, 1, "integer"),
        (DeliveryKind.TEST, 2, "integer"),
        (DeliveryState.SUCCEEDED, 5, "integer"),
        (OutcomeKind.UNKNOWN, 10, "integer"),
    ],
)
def test_a_value_is_stored_as_what_it_is(database, value, stored, kind):
    with database.reading() as connection:
        found = run_statement(connection, "SELECT ?, typeof(?)", (value, value)).fetchone()
        assert found == (stored, kind)
        by_sqlalchemy = connection.execute(text("SELECT :value, typeof(:value)"), {"value": value}).one()
    assert tuple(by_sqlalchemy) == (stored, kind)
