"""Whether a text is a certificate that a subscription's endpoint can be checked against."""

import ssl

from clockwire.model.errors import FieldInvalid

LARGEST_PEM = 64 * 1024


def check_ca_certificate(pem: str, *, field: str = "subscription.ca_certificate_pem") -> str:
    """The PEM text itself if it holds at least one certificate and no private key, or FieldInvalid."""
    if len(pem) > LARGEST_PEM:
        raise FieldInvalid.of(field, f"must have at most {LARGEST_PEM} characters")
    if "PRIVATE KEY" in pem:
        raise FieldInvalid.of(field, "must not contain a private key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem.encode("ascii").decode())
    except (ssl.SSLError, ValueError):  # ValueError: no text at all, or text outside ASCII
        raise FieldInvalid.of(field, "must be certificates in PEM form") from None
    return pem
