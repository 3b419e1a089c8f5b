"""Certificates a subscription may bring."""

import pytest
import trustme

from clockwire.model.ca_certificate import check_ca_certificate
from clockwire.model.errors import FieldInvalid

CA = trustme.CA()
PEM = CA.cert_pem.bytes().decode()


def test_one_or_more_certificates_are_accepted():
    assert check_ca_certificate(PEM) == PEM
    assert check_ca_certificate(PEM + PEM) == PEM + PEM


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "PEM"),
        ("hello", "PEM"),
        ("ü", "PEM"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "PEM"),
        (PEM[:-200], "PEM"),
        (PEM + CA.private_key_pem.bytes().decode(), "private key"),
        (PEM * 200, "characters"),
    ],
)
def test_anything_else_is_refused_in_words(text, said):
    with pytest.raises(FieldInvalid, match=said):
        check_ca_certificate(text)
