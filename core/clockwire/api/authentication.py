"""Whose key is it? Known keys are held for a moment, so that a call costs no query, and forgotten soon after.

What is held is read again every two seconds, in one query for all (`Streams.run`), and never believed for longer than
four: a key that was revoked on another server stops here in less than five.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clockwire.model.api_key import ApiKey
from clockwire.model.errors import KeyInvalid
from clockwire.model.instants import MINUTE, SECOND, Clock, Instant
from clockwire.storage.api_keys import select_keys_by_hash
from clockwire.storage.database import Database
from clockwire.storage.users import find_user_name
from clockwire.storage.workspaces import find_workspace

BELIEVED_FOR = 4 * SECOND


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found for a hash, and when."""

    api_key: ApiKey | None
    time: Instant


class Authenticator:
    """Knows the keys in use."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._seen: dict[bytes, _Seen] = {}
        self._asked: set[bytes] = set()
        self._uses: dict[str, Instant] = {}

    async def authenticate(self, hash_: bytes) -> ApiKey:
        """The key whose text has this hash. KeyInvalid if there is none, or it has ended."""
        seen = self._seen.get(hash_)
        now = self._clock()
        if seen is None or not 0 <= now - seen.time < BELIEVED_FOR:
            seen = self._see(await self._find([hash_]), hash_, now)
        self._asked.add(hash_)
        if seen.api_key is None or not seen.api_key.accepts(hash_, now):
            raise KeyInvalid
        self._note_use(seen.api_key, now)
        return seen.api_key

    async def refresh(self, in_use: Iterable[bytes]) -> frozenset[bytes]:
        """Which of the hashes *in_use* are still valid. Everything else that was not asked for lately is forgotten."""
        held = frozenset(in_use)
        wanted, self._asked = held | self._asked, set()
        now = self._clock()
        found = await self._find(wanted) if wanted else {}
        self._seen = {}
        for hash_ in found:
            self._see(found, hash_, now)
        return frozenset(hash_ for hash_ in held if hash_ in found and found[hash_].accepts(hash_, now))

    def forget(self) -> None:
        """Every key is looked up again at its next use: one was changed here."""
        self._seen = {}

    def take_uses(self) -> Mapping[str, Instant]:
        """When each key was last used, to the minute, for those whose stored time is older; taken once."""
        uses, self._uses = self._uses, {}
        return uses

    async def workspace_exists(self, workspace_id: str) -> bool:
        """Whether there is such a workspace, not marked for deletion."""
        found = await self._database.read(find_workspace, workspace_id)
        return found is not None and found.delete_time is None

    async def user_name(self, workspace_id: str, user_id: str) -> str | None:
        """The name of a person of the workspace; None if there is none with this id."""
        return await self._database.read(find_user_name, workspace_id, user_id)

    async def _find(self, hashes: Iterable[bytes]) -> dict[bytes, ApiKey]:
        keys = await self._database.read(select_keys_by_hash, hashes)
        return {hash_: key for key in keys for hash_ in (key.hash, key.retiring_hash) if hash_ is not None}

    def _see(self, found: Mapping[bytes, ApiKey], hash_: bytes, now: Instant) -> _Seen:
        seen = self._seen[hash_] = _Seen(found.get(hash_), now)
        return seen

    def _note_use(self, api_key: ApiKey, now: Instant) -> None:
        minute = now - now % MINUTE
        if (api_key.last_use_time or 0) < minute:
            self._uses[api_key.id] = minute
