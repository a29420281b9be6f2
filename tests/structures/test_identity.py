"""Identity codes, OIDs and temporary identifiers are judged by their form."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import fault_of_identity_code, is_artificial, is_oid, is_temporary_system
from tests.strategies import IDENTITY_CODES

CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
SEPARATORS = {1800: "+", 1900: "-YXWVU", 2000: "ABCDEF"}


@st.composite
def codes(draw: st.DrawFn) -> str:
    """Any code that the decree allows. Its check character is the one of thirty-one that the reader takes."""
    day = draw(st.dates(date(1800, 1, 1), date(2099, 12, 31)))
    separator = draw(st.sampled_from(SEPARATORS[day.year // 100 * 100]))
    stem = f"{day:%d%m%y}{separator}{draw(st.integers(2, 999)):03}"
    fitting = [sign for sign in CHECK_CHARACTERS if fault_of_identity_code(stem + sign) is None]
    assert len(fitting) == 1
    return stem + fitting[0]


@pytest.mark.parametrize("code", [*IDENTITY_CODES, "260991-999R", "010181Y900C", "010181X900C", "010181U900C"])
def test_right_code_has_no_fault_and_is_artificial(code: str) -> None:
    assert fault_of_identity_code(code) is None
    assert is_artificial(code)


@pytest.mark.parametrize("separator", "+-YXWVUABCDEF")
def test_every_separator_in_force_is_taken(separator: str) -> None:
    # The separator is no part of the checked number; the day exists in each of the three centuries.
    assert fault_of_identity_code(f"010280{separator}952L") is None


@pytest.mark.parametrize("separator", [s for s in string.printable if s not in "+-YXWVUABCDEF"])
def test_no_other_separator_is_taken(separator: str) -> None:
    assert fault_of_identity_code(f"010280{separator}952L") == "form"


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("010190-999X", "check_character"),
        ("010190-999K", "check_character"),
        ("290299-900X", "date"),
        ("310499-900X", "date"),
        ("001099-900X", "date"),
        ("010099-900X", "date"),
        ("011399-900X", "date"),
        ("010280-001K", "form"),
        ("010280-000J", "form"),
        ("010280-952l", "form"),
        ("010280a952L", "form"),
        ("010280-952L\n", "form"),
        (" 010280-952L", "form"),
        ("010280952L", "form"),
        ("010280-952", "form"),
        ("010280-952LL", "form"),
        ("010280-952G", "form"),
        ("\u0660\u0661\u0660\u0662\u0668\u0660-952L", "form"),
        ("", "form"),
    ],
)
def test_wrong_code_has_its_fault(code: str, fault: str) -> None:
    assert fault_of_identity_code(code) == fault


def test_leap_day_is_judged_in_its_own_century() -> None:
    faults = {s: fault_of_identity_code(f"290200{s}900X") for s in "+-A"}
    # 1800 and 1900 were no leap years, 2000 was one.
    assert faults["+"] == faults["-"] == "date"
    assert faults["A"] != "date"


@given(codes(), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(code: str, place: int, step: int) -> None:
    at = [index for index, sign in enumerate(code[:10]) if index != 6][place % 9]
    changed = code[:at] + str((int(code[at]) + step) % 10) + code[at + 1 :]
    assert fault_of_identity_code(changed) is not None


@given(codes(), st.integers(0, 4))
def test_two_digits_in_the_wrong_order_are_always_found(code: str, at: int) -> None:
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assert (fault_of_identity_code(swapped) is None) == (swapped == code)


@given(codes())
def test_artificial_codes_are_those_of_the_900_series(code: str) -> None:
    assert is_artificial(code) == (int(code[7:10]) >= 900)


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert fault_of_identity_code(text) in (None, "form", "date", "check_character")
    assert is_artificial(text) in (True, False)
    assert is_oid(text) in (True, False)
    assert is_temporary_system(text) in (True, False)


@pytest.mark.parametrize("oid", ["0.0", "1.39", "2.999", "1.2.246.537.6.1506.15020.2024.11.28", "2.25." + "9" * 5000])
def test_oid_is_taken(oid: str) -> None:
    assert is_oid(oid)


@pytest.mark.parametrize(
    "oid",
    ["", "1", "1.", ".1", "1..2", "3.1", "0.40", "1.40", "1.2.01", "1.2.", "urn:oid:1.2", "1.2\n", "1.2.\u0663",
     "1." + "9" * 5000],
)  # fmt: skip
def test_what_is_no_oid_is_refused(oid: str) -> None:
    assert not is_oid(oid)


@given(st.integers(0, 2), st.lists(st.integers(0, 10**40), min_size=1))
def test_oid_is_judged_by_its_first_two_arcs(first: int, arcs: list[int]) -> None:
    assert is_oid(".".join(map(str, [first, *arcs]))) == (first == 2 or arcs[0] < 40)


@pytest.mark.parametrize(
    "system",
    ["urn:oid:1.2.246.10.99999999.22.2026", "urn:oid:1.2.246.10.99999999.10.0.22.2026",
     "urn:oid:1.2.246.10.99999999.10.17.22.2026"],
)  # fmt: skip
def test_system_of_temporary_identifiers_is_known(system: str) -> None:
    assert is_temporary_system(system)


@pytest.mark.parametrize(
    "system",
    ["1.2.246.10.99999999.22.2026", "urn:oid:1.2.246.22", "urn:oid:1.2.246.21", "urn:oid:1.2.246.10.99999999.22",
     "urn:oid:1.2.246.10.99999999.22.26", "urn:oid:1.2.246.10.99999999.22.2026.1", "urn:oid:1.2.246.10.22.2026"],
)  # fmt: skip
def test_other_system_is_not_one_of_temporary_identifiers(system: str) -> None:
    assert not is_temporary_system(system)
