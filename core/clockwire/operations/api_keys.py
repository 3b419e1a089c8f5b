"""How keys are made, renewed and ended. Nobody gives away, or gets hold of, more than he has himself."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from clockwire.model.api_key import (
    LONGEST_OVERLAP,
    OPERATOR,
    SCOPES,
    USUAL_OVERLAP,
    ApiKey,
    IssuedKey,
    hash_of,
    new_text,
    shown_part,
)
from clockwire.model.errors import FieldInvalid, ScopeMissing
from clockwire.model.identifiers import new_id
from clockwire.model.instants import Instant
from clockwire.model.values.text import check_text
from clockwire.storage.api_keys import fetch_key, insert_key, replace_key, select_keys
from clockwire.storage.transaction import Transaction

LONGEST_NAME = 100


def create_api_key(
    transaction: Transaction, name: str, scopes: Iterable[str], *, expire_time: Instant | None = None
) -> IssuedKey:
    """A new key of the caller's workspace, with scopes the caller has itself."""
    wanted = frozenset(scopes)
    if OPERATOR in wanted:
        raise FieldInvalid.of("api_key.scopes", "operator: such keys are made by the command line only")
    if not wanted <= set(SCOPES) or not wanted:
        raise FieldInvalid.of("api_key.scopes", f"needs at least one of {', '.join(SCOPES)}")
    _check_has(transaction, wanted)
    if expire_time is not None and expire_time <= transaction.now:
        raise FieldInvalid.of("api_key.expire_time", "must lie in the future")
    return _issue(transaction, name, wanted, expire_time)


def create_operator_key(transaction: Transaction, name: str, *, expire_time: Instant | None = None) -> IssuedKey:
    """A new key for everything, in every workspace. For those who hold the database in their hands."""
    return _issue(transaction, name, frozenset({OPERATOR}), expire_time)


def get_api_key(connection: Connection, workspace_id: str, id_: str) -> ApiKey:
    """One key of a workspace."""
    return fetch_key(connection, workspace_id, id_)


def list_api_keys(
    connection: Connection, workspace_id: str, *, after: str = "", limit: int, active_at: Instant | None = None
) -> Sequence[ApiKey]:
    """Keys, oldest first, those after an id; only the ones valid at a time if one is given."""
    return select_keys(connection, workspace_id, after=after, limit=limit, active_at=active_at)


def rotate_api_key(transaction: Transaction, id_: str, overlap: int | None = None) -> IssuedKey:
    """The key with a new text; the old one works for *overlap* microseconds more, a day if not said."""
    length = USUAL_OVERLAP if overlap is None else overlap
    if not 0 <= length <= LONGEST_OVERLAP:
        raise FieldInvalid.of("overlap", "must be from 0 to 7 days")
    key = fetch_key(transaction.connection, transaction.caller.workspace_id, id_)
    if key.ended(transaction.now):
        raise FieldInvalid.of("api_key_id", "this key was revoked or has expired; create a new one")
    _check_has(transaction, key.scopes)
    text = new_text()
    rotated = key.rotated(text, length, transaction.now)
    replace_key(transaction.connection, rotated)
    return IssuedKey(rotated, text)


def revoke_api_key(transaction: Transaction, id_: str) -> ApiKey:
    """The key is ended for good. Revoking it again is OK."""
    key = fetch_key(transaction.connection, transaction.caller.workspace_id, id_)
    revoked = key.revoked(transaction.now)
    if revoked != key:
        replace_key(transaction.connection, revoked)
    return revoked


def _issue(transaction: Transaction, name: str, scopes: frozenset[str], expire_time: Instant | None) -> IssuedKey:
    text = new_text()
    key = ApiKey(
        id=new_id(transaction.now),
        workspace_id=transaction.caller.workspace_id,
        name=check_text("api_key.name", name, LONGEST_NAME, minimum=1),
        prefix=shown_part(text),
        hash=hash_of(text),
        scopes=scopes,
        expire_time=expire_time,
        create_time=transaction.now,
        create_api_key_id=transaction.caller.api_key_id,
    )
    insert_key(transaction.connection, key)
    return IssuedKey(key, text)


def _check_has(transaction: Transaction, scopes: frozenset[str]) -> None:
    """Raises ScopeMissing for the first scope that the caller lacks itself."""
    own = transaction.caller.scopes
    missing = sorted(scopes - own)
    if missing and OPERATOR not in own:
        raise ScopeMissing(missing[0])
