"""Whether the secret key is the one that sealed what is in the database."""

from sqlalchemy import Connection, insert, select

from clockwire.model.vault import Vault
from clockwire.storage.tables import vault_check

_CONTEXT = "vault check"
_ROW = 1


def check_vault(connection: Connection, vault: Vault) -> None:
    """The vault opens what is sealed here; a new database is bound to it. Raises WrongKeyError."""
    sealed = connection.execute(select(vault_check.c.sealed).where(vault_check.c.id == _ROW)).scalar_one_or_none()
    if sealed is None:
        connection.execute(insert(vault_check).values(id=_ROW, sealed=vault.seal(b"clockwire", _CONTEXT)))
    else:
        vault.open(sealed, _CONTEXT)
