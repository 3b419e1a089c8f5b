"""Which database a setting names."""

from sqlalchemy.exc import ArgumentError

from clockwire.settings import SettingError
from clockwire.storage.database import Database


def open_database(url: str) -> Database:
    """The database at a URL, which is not connected to yet. SettingError if there can be none."""
    try:
        return Database(url)
    except (ValueError, ArgumentError) as error:
        message = f"--database: {error}"
        raise SettingError(message) from error
