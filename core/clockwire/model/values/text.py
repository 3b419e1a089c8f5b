"""Which text is accepted: of names, ids, addresses and codes. Each check returns the value as it is stored."""

import re
import unicodedata
from urllib.parse import urlsplit

from clockwire.model.errors import FieldInvalid
from clockwire.model.identifiers import is_id
from clockwire.model.values.codes import COUNTRIES, CURRENCIES

# Control characters but tab and newline, and halves of surrogate pairs.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)*")
_LONGEST_EMAIL = 254  # RFC 5321, section 4.5.3.1.3, without the brackets
_LONGEST_URL = 2_048


def check_text(field: str, text: str, maximum: int, *, minimum: int = 0) -> str:
    """NFC, with line ends as newlines, of *minimum* to *maximum* characters; where one is needed, not only blanks."""
    stored = text.replace("\r\n", "\n")
    if not stored.isascii():
        stored = unicodedata.normalize("NFC", stored)
    forbidden = forbidden_in(stored)
    if forbidden:
        raise FieldInvalid.of(field, f"holds the character {forbidden}, which is not allowed in text")
    if len(stored) > maximum:
        raise FieldInvalid.of(field, f"has {len(stored):,} characters, at most {maximum:,} are allowed")
    if len(stored) < minimum or (minimum and not stored.strip()):
        raise FieldInvalid.of(field, f"needs {minimum} to {maximum:,} characters, not only blanks")
    return stored


def check_id(field: str, text: str) -> str:
    """A UUID in canonical lower-case form."""
    if not is_id(text):
        raise FieldInvalid.of(field, f"{_shown(text)} is no lower-case canonical UUID")
    return text


def check_currency(field: str, text: str) -> str:
    """An ISO 4217 code."""
    if text not in CURRENCIES:
        raise FieldInvalid.of(field, f"{_shown(text)} is no ISO 4217 currency code, such as EUR")
    return text


def check_country(field: str, text: str) -> str:
    """An ISO 3166-1 alpha-2 code."""
    if text not in COUNTRIES:
        raise FieldInvalid.of(field, f"{_shown(text)} is no ISO 3166-1 alpha-2 country code, such as DE")
    return text


def check_email(field: str, text: str) -> str:
    """Something of the shape of a mail address, of at most 254 characters; whether it exists is not asked."""
    stored = check_text(field, text, _LONGEST_EMAIL)
    if _EMAIL.fullmatch(stored) is None:
        raise FieldInvalid.of(field, f"{_shown(text)} is no mail address")
    return stored


def check_url(field: str, text: str) -> str:
    """An absolute http or https URL of at most 2,048 characters, for people to follow."""
    stored = check_text(field, text, _LONGEST_URL)
    if not _is_web_address(stored):
        raise FieldInvalid.of(field, f"{_shown(text)} is no http or https URL")
    return stored


def forbidden_in(text: str) -> str:
    """The first character that no text may hold, "U+0007"; empty if there is none."""
    match = _FORBIDDEN.search(text)
    return f"U+{ord(match.group()):04X}" if match else ""


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:  # brackets without an IPv6 address between them
        return False


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
