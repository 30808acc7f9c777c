"""Numbers as people write them: none is taken for another one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lab.state import number_of, number_text
from lab.state.numbers import is_unclear


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("50", 50),
        (" 50.00 ", 50.0),
        ("1,5", 1.5),
        ("1.5", 1.5),
        ("-0,125", -0.125),
        ("\u22123", -3),
        ("1 000", 1000),
        ("1\u202f000\u202f000,50", 1_000_000.5),
        ("1'000", 1000),
        ("1,000,000", 1_000_000),
        ("1,000.50", 1000.5),
        ("1.000,50", 1000.5),
        ("1.000.000", 1_000_000),
        ("1e3", 1000.0),
        (".5", 0.5),
    ],
)
def test_a_number_is_read_as_it_is_written_here_and_elsewhere(text: str, number: float) -> None:
    assert number_of(text) == number
    assert not is_unclear(text)


@pytest.mark.parametrize(
    "text", ["", " ", "x", "1,500", "1,2,3", "1..5", "nan", "inf", "1e9999", "1 2", "50 €", "9" * 5000]
)
def test_what_says_no_number_or_could_say_two_is_none(text: str) -> None:
    assert number_of(text) is None
    assert is_unclear(text) == (text == "1,500")


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
@example(2.0**-24)
def test_a_number_comes_back_as_it_was_shown(number: float) -> None:
    found = number_of(number_text(number))
    assert found == number
    assert type(found) is type(number)
