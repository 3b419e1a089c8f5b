"""What a cursor is: a place in one workspace's event log, in one life of that log.

It says "everything up to here has been seen". It is opaque to readers and carries no right; the epoch and the
workspace in it only make sure that it is never taken for a place in another log.
"""

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from clockwire.model.errors import CursorInvalid

_VERSION = 1
_LAYOUT = struct.Struct(">B8s8sq")  # version, epoch, workspace, sequence


class Cursor(NamedTuple):
    """A place in an event log: after the event of this sequence."""

    epoch: str  # 16 hex digits
    workspace_id: str
    sequence: int


def encode_cursor(cursor: Cursor) -> str:
    """The cursor as text, 34 URL-safe characters."""
    packed = _LAYOUT.pack(_VERSION, bytes.fromhex(cursor.epoch), _mark(cursor.workspace_id), cursor.sequence)
    return urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode_cursor(text: str, workspace_id: str) -> Cursor:
    """The place *text* names in this workspace. Raises CursorInvalid if it names none."""
    version, epoch, mark, sequence = _unpack(text)
    if version != _VERSION or sequence < 0:
        raise CursorInvalid(f"{text!r} is malformed")
    if mark != _mark(workspace_id):
        raise CursorInvalid("belongs to another workspace")
    return Cursor(epoch.hex(), workspace_id, sequence)


def _unpack(text: str) -> tuple[int, bytes, bytes, int]:
    try:
        packed = urlsafe_b64decode(text.encode("ascii") + b"==")
        if urlsafe_b64encode(packed).rstrip(b"=").decode() != text:
            raise CursorInvalid(f"{text[:60]!r} is malformed")
        return _LAYOUT.unpack(packed)
    except (binascii.Error, struct.error, UnicodeEncodeError) as error:
        raise CursorInvalid(f"{text[:60]!r} is malformed") from error


@lru_cache(1024)
def _mark(workspace_id: str) -> bytes:
    return sha256(workspace_id.encode()).digest()[:8]
