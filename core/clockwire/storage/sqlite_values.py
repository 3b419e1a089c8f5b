"""Which values need not be asked how they are stored in SQLite.

The driver binds plain integers, floats and texts as they are. Everything else, None and bytes too, it asks for two
attributes that they don't have, unless an adapter of its type is known: that costs more than to store it, and a
delivery has five such values (`pysqlite_statement_bind_parameters` and `pysqlite_microprotocols_adapt` of CPython). So
each type that is stored often has an adapter here, none of which runs any Python.
"""

import sqlite3

from clockwire.model.delivery import DeliveryKind, DeliveryState
from clockwire.model.outcome import OutcomeKind

_NOTHING: dict[None, None] = {}


def adapt_values() -> None:
    """They are stored as they always were, for all connections of this process."""
    sqlite3.register_adapter(type(None), _NOTHING.get)
    sqlite3.register_adapter(bytes, bytes)
    for whole in (bool, DeliveryKind, DeliveryState, OutcomeKind):
        sqlite3.register_adapter(whole, int)
