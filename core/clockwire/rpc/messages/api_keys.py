"""API keys, to and from the contract's messages."""

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from clockwire.model.api_key import ApiKey
from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import Instant, to_timestamp
from clockwire.model.values.times import check_timestamp
from clockwire.v1 import api_key_service_pb2 as messages

_WORDS = {number: name.removeprefix("SCOPE_").lower().replace("_", ".") for name, number in messages.Scope.items()}
_NUMBERS = {word: number for number, word in _WORDS.items()}


def api_key_message(key: ApiKey) -> messages.ApiKey:
    """The key as the contract shows it, without anything that could open a door."""
    return messages.ApiKey(
        id=key.id,
        workspace_id=key.workspace_id,
        name=key.name,
        prefix=key.prefix,
        scopes=sorted(_NUMBERS[scope] for scope in key.scopes),
        expire_time=_timestamp(key.expire_time),
        revoke_time=_timestamp(key.revoke_time),
        last_use_time=_timestamp(key.last_use_time),
        create_time=to_timestamp(key.create_time),
        create_api_key_id=key.create_api_key_id,
        rotation_end_time=_timestamp(key.rotation_end_time),
    )


def scope_words(scopes: Iterable["messages.Scope.ValueType"]) -> list[str]:
    """The scopes in words, "records.read". FieldInvalid for one that is none."""
    numbers = list(scopes)
    if any(number not in _WORDS or not number for number in numbers):
        raise FieldInvalid.of("api_key.scopes", "holds a number that is no scope")
    return [_WORDS[number] for number in numbers]


def expire_time_of(key: messages.ApiKey) -> Instant | None:
    """When a new key is to end; None: never."""
    return check_timestamp("api_key.expire_time", key.expire_time) if key.HasField("expire_time") else None


def _timestamp(instant: Instant | None) -> Timestamp | None:
    return None if instant is None else to_timestamp(instant)
