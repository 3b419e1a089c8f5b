"""How the migrations are run: by Alembic, on a connection that is ours."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from clockwire.storage.schema import MIGRATIONS


def upgrade(connection: Connection) -> None:
    """The database has the newest tables, once the connection's transaction is committed."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
