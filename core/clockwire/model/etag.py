"""How a version is spoken of on the wire: a strong etag, with its quotes (RFC 9110, section 8.8.3)."""

from clockwire.model.errors import EtagMismatch


def etag_of(version: int) -> str:
    """The etag of a version: ``"7"``."""
    return f'"{version}"'


def check_etag(etag: str, version: int) -> None:
    """Raises EtagMismatch unless *etag* is empty or that of the current *version*."""
    if etag and etag != etag_of(version):
        raise EtagMismatch(etag_of(version), version)
