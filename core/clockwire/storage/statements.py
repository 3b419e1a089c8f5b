"""How a statement whose text is ready is run: by the driver itself, inside SQLAlchemy's transaction.

What SQLAlchemy does for each statement (a context, events, a result) costs more than SQLite needs to run it. An
operation of one record makes ten; so those whose text never changes go round it. Errors are still SQLAlchemy's, so
that whoever looks at them need not know which way a statement took.
"""

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def run_statement(connection: Connection, text: str, parameters: tuple[Any, ...] | None = None) -> Any:  # noqa: ANN401
    """The driver's cursor, after the statement ran. Raises DBAPIError."""
    pooled = connection.connection
    cursor = pooled.cursor()
    try:
        if parameters is None:
            cursor.execute(text)
        else:
            cursor.execute(text, parameters)
    except _errors_of(connection) as error:
        raise _told(connection, text, error) from error
    return cursor


def commit(connection: Connection) -> None:
    """What was written is durable. Raises DBAPIError."""
    try:
        connection.connection.commit()
    except _errors_of(connection) as error:
        raise _told(connection, "COMMIT", error) from error


def _errors_of(connection: Connection) -> type[Exception]:
    """What all errors of the driver are (PEP 249)."""
    errors: type[Exception] = connection.dialect.loaded_dbapi.Error
    return errors


def _told(connection: Connection, text: str, error: Exception) -> BaseException:
    """The error as SQLAlchemy would raise it; it does not hold the parameters."""
    lost = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    return DBAPIError.instance(
        text,
        None,
        error,
        _errors_of(connection),
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=connection.dialect,
    )
