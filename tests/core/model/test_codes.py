"""Codes: the lists are those of the standards."""

from importlib.resources import files

from clockwire.model.values.codes import COUNTRIES, CURRENCIES


def test_the_countries_are_those_of_the_time_zone_database():
    table = (files("tzdata.zoneinfo") / "iso3166.tab").read_text()
    assert {line[:2] for line in table.splitlines() if line and not line.startswith("#")} == COUNTRIES


def test_the_currencies_are_money():
    assert {"USD", "EUR", "GBP", "JPY", "CHF", "CNY", "INR", "KWD", "CLF", "XOF", "XCG", "ZWG"} <= CURRENCIES
    assert not CURRENCIES & {"XAU", "XTS", "XXX", "XDR", "DEM"}
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
