"""Decimals: what is read, what is kept, and how they sort as text."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clockwire.model.decimals import NotADecimal, normalised, sortable

numbers = st.decimals(min_value=Decimal(-(10**18)) + 1, max_value=Decimal(10**18) - 1, places=6)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        *[("125.50", "125.50"), ("+1", "1"), ("007.50", "7.50"), (".5", "0.5"), ("5.", "5"), ("-0", "0")],
        *[("-0.00", "0.00"), ("-0.10", "-0.10"), ("9" * 18 + ".999999", "9" * 18 + ".999999"), ("0" * 30, "0")],
    ],
)
def test_the_scale_is_kept_as_it_was_written(written, stored):
    assert normalised(written) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "-",
        "+-1",
        "1e3",
        "NaN",
        "inf",
        "0x1",
        "1,5",
        "1_0",
        " 1",
        "١",
        "1.2.3",
        "1" * 19,
        "0.1234567",
        "1.0000000",
    ],
)
def test_anything_else_is_no_decimal(text):
    for read in (normalised, sortable):
        with pytest.raises(NotADecimal):
            read(text)


@given(numbers, numbers)
def test_the_order_of_the_texts_is_that_of_the_numbers(one, other):
    first, second = sortable(f"{one:f}"), sortable(f"{other:f}")
    assert (first < second, first == second) == (one < other, one == other)
    assert len(first) == len(second) == 25


@given(numbers)
def test_the_stored_form_is_the_same_number(number):
    assert Decimal(normalised(f"{number:f}")) == number
    assert sortable(normalised(f"{number:f}")) == sortable(f"{number:f}")
