"""What an inbound hook is: an address to which others POST what is to be done here, and a token that opens it.

The token is never stored. Its 32 random bytes cannot be guessed, so a plain SHA-256 is enough to know it by.
"""

import secrets
from dataclasses import dataclass, field, replace
from enum import IntEnum
from hashlib import sha256

from clockwire.model.errors import FieldInvalid
from clockwire.model.inbound_commands import COMMANDS
from clockwire.model.instants import Instant
from clockwire.v1.common_pb2 import Actor

LONGEST_NAME = 100
_RANDOM_BYTES = 32
_NO_HASH = bytes(32)


class HookService(IntEnum):
    """Who sends, and so in what form; the numbers are those of InboundHook.Service in the contract."""

    GENERIC = 1
    SLACK = 2
    GITHUB = 3

    @property
    def signs(self) -> bool:
        """Whether all its requests are signed, so that the hook cannot do without the secret."""
        return self is not HookService.GENERIC


class HookState(IntEnum):
    """Whether it listens; the numbers are those of InboundHook.State in the contract."""

    ENABLED = 1
    DISABLED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundHook:
    """A hook as it is stored."""

    id: str
    workspace_id: str
    name: str
    service: HookService
    #: Whose it is; empty: of the whole workspace.
    user_id: str
    #: What may be done with it, in the order of COMMANDS.
    commands: tuple[str, ...]
    state: HookState
    token_hash: bytes = field(repr=False)
    #: What its requests are signed with, sealed; None: they need not be.
    secret: bytes | None = field(repr=False)
    create_time: Instant
    update_time: Instant
    create_api_key_id: str

    @property
    def actor(self) -> Actor:
        """Who did what is done through it."""
        return Actor(kind=Actor.KIND_INBOUND_HOOK, inbound_hook_id=self.id, display_name=self.name)

    def turned(self, state: HookState, now: Instant) -> "InboundHook":
        """The hook, listening or not."""
        return self if self.state is state else replace(self, state=state, update_time=now)

    def with_token(self, token: str, now: Instant) -> "InboundHook":
        """The hook with another token."""
        return replace(self, token_hash=hash_of(token), update_time=now)


@dataclass(frozen=True, slots=True)
class IssuedHook:
    """A hook with its token, the one time that the token is known."""

    hook: InboundHook
    token: str = field(repr=False)

    @property
    def path(self) -> str:
        """The address below the HTTP port."""
        return f"/hooks/in/{self.hook.id}/{self.token}"


def opens(token: str, hook: InboundHook | None) -> bool:
    """Whether the token is the hook's, and it listens. It takes as long for a hook that is not there."""
    known = hook is not None and hook.state is HookState.ENABLED
    stored = hook.token_hash if hook is not None and known else _NO_HASH
    return secrets.compare_digest(hash_of(token), stored) and known


def new_token() -> str:
    """The token of a new hook: 64 hexadecimal digits, which need no escape in a URL."""
    return secrets.token_hex(_RANDOM_BYTES)


def hash_of(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode(errors="replace")).digest()


def check_commands(commands: "list[str] | tuple[str, ...]") -> tuple[str, ...]:
    """The commands in their order, all of them for an empty list. FieldInvalid for one that there is not."""
    unknown = next((each for each in commands if each not in COMMANDS), None)
    if unknown is not None:
        raise FieldInvalid.of(
            "inbound_hook.commands", f"{unknown[:60]!r} is no command; there are {', '.join(COMMANDS)}"
        )
    return tuple(each for each in COMMANDS if each in commands or not commands)


def secret_context(hook_id: str) -> str:
    """What a hook's secret is sealed for."""
    return f"inbound hook {hook_id} secret"
