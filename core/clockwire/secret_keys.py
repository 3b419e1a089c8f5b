"""Where the key comes from that encrypts secrets in the database, and whether it is the right one."""

import base64
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import structlog
from sqlalchemy.engine import URL

from clockwire.model.vault import KEY_BYTES
from clockwire.settings import Secret, SettingError

log = structlog.get_logger(__name__)


def secret_keys(given: Secret, file: Path | None, database_url: URL) -> Sequence[bytes]:
    """The keys to use, the current one first: those that were given, else those in the file, which is made if new."""
    if given:
        return _keys(given.text, "CLOCKWIRE_SECRET_KEY")
    path = file or _usual_file(database_url)
    if not path.exists():
        _make(path)
        log.warning("secret key made: keep a copy, without it the secrets in the database are lost", file=str(path))
    return _keys(path.read_text(), str(path))


def _usual_file(database_url: URL) -> Path:
    if database_url.get_backend_name() == "sqlite":
        return Path(f"{database_url.database}.key")
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "clockwire" / "secret.key"


def _make(path: Path) -> None:
    """A file with a new key, for its owner's eyes only. Whoever comes second finds the key of the first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _keys(text: str, source: str) -> list[bytes]:
    try:
        keys = [base64.b64decode(each.strip(), validate=True) for each in text.split(",")]
    except ValueError:
        message = f"{source} does not hold base64"
        raise SettingError(message) from None
    if any(len(key) != KEY_BYTES for key in keys):
        message = f"{source} must hold the base64 of {KEY_BYTES} bytes; make one with: openssl rand -base64 32"
        raise SettingError(message)
    return keys
