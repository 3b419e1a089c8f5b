"""How inbound hooks are made, turned on and off, given new tokens and deleted.

A hook does what its commands say for whoever knows its token. So nobody may make one, or get hold of its token, that
does more than he may do himself.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from clockwire.model.api_key import OPERATOR
from clockwire.model.errors import FieldInvalid, ReferenceMissing, ResourceNotFound, ScopeMissing
from clockwire.model.identifiers import new_id
from clockwire.model.inbound_commands import SCOPES_OF
from clockwire.model.inbound_hook import (
    LONGEST_NAME,
    HookService,
    HookState,
    InboundHook,
    IssuedHook,
    check_commands,
    hash_of,
    new_token,
    secret_context,
)
from clockwire.model.signing import Secret
from clockwire.model.values.text import check_id, check_text
from clockwire.model.vault import Vault
from clockwire.storage.inbound_hooks import delete_hook, find_hook, insert_hook, replace_hook, select_hooks
from clockwire.storage.transaction import Transaction
from clockwire.storage.users import find_user_name


def create_inbound_hook(
    transaction: Transaction,
    name: str,
    service: HookService,
    *,
    user_id: str,
    commands: Sequence[str],
    secret: Secret | None,
    vault: Vault,
) -> IssuedHook:
    """A new hook that listens. Raises FieldInvalid, ReferenceMissing, ScopeMissing."""
    allowed = check_commands(tuple(commands))
    _check_has_scopes(transaction, allowed)
    _check_user(transaction, user_id)
    if service.signs and secret is None:
        raise FieldInvalid.of("secret", f"is needed: what {service.name} signs its requests with")
    id_, token, now = new_id(transaction.now), new_token(), transaction.now
    hook = InboundHook(
        id=id_,
        workspace_id=transaction.workspace.id,
        name=check_text("inbound_hook.name", name, LONGEST_NAME, minimum=1),
        service=service,
        user_id=user_id,
        commands=allowed,
        state=HookState.ENABLED,
        token_hash=hash_of(token),
        secret=vault.seal(secret.text.encode(), secret_context(id_)) if secret else None,
        create_time=now,
        update_time=now,
        create_api_key_id=transaction.caller.api_key_id,
    )
    insert_hook(transaction.connection, hook)
    return IssuedHook(hook, token)


def get_inbound_hook(connection: Connection, workspace_id: str, id_: str) -> InboundHook:
    """One hook of a workspace. Raises ResourceNotFound."""
    hook = find_hook(connection, workspace_id, id_)
    if hook is None:
        raise ResourceNotFound("inbound hook", id_)
    return hook


def list_inbound_hooks(
    connection: Connection, workspace_id: str, *, after: str = "", limit: int
) -> Sequence[InboundHook]:
    """Hooks, oldest first, those after an id."""
    return select_hooks(connection, workspace_id, after=after, limit=limit)


def turn_inbound_hook(transaction: Transaction, id_: str, state: HookState) -> InboundHook:
    """The hook, listening or not. Raises ResourceNotFound."""
    stored = _stored(transaction, id_)
    return _replaced(transaction, stored, stored.turned(state, transaction.now))


def reset_token(transaction: Transaction, id_: str) -> IssuedHook:
    """The hook with a new token; the one before opens nothing any more. Raises ResourceNotFound, ScopeMissing."""
    stored = _stored(transaction, id_)
    _check_has_scopes(transaction, stored.commands)
    token = new_token()
    return IssuedHook(_replaced(transaction, stored, stored.with_token(token, transaction.now)), token)


def delete_inbound_hook(transaction: Transaction, id_: str) -> None:
    """The hook is gone. Raises ResourceNotFound."""
    delete_hook(transaction.connection, _stored(transaction, id_))


def _stored(transaction: Transaction, id_: str) -> InboundHook:
    return get_inbound_hook(transaction.connection, transaction.workspace.id, id_)


def _replaced(transaction: Transaction, stored: InboundHook, changed: InboundHook) -> InboundHook:
    if changed != stored:
        replace_hook(transaction.connection, changed)
    return changed


def _check_user(transaction: Transaction, user_id: str) -> None:
    if not user_id:
        return
    check_id("inbound_hook.user_id", user_id)
    if find_user_name(transaction.connection, transaction.workspace.id, user_id) is None:
        raise ReferenceMissing("inbound_hook.user_id", "user", user_id)


def _check_has_scopes(transaction: Transaction, commands: Sequence[str]) -> None:
    """Raises ScopeMissing for the first scope that the hook would have and the caller has not."""
    own = transaction.caller.scopes
    missing = sorted({scope for command in commands for scope in SCOPES_OF[command]} - own)
    if missing and OPERATOR not in own:
        raise ScopeMissing(missing[0])
