"""Numbers, percents and checkboxes, as Salesforce stores and refuses them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_sink.errors import MappingError
from crm_sink.schema import FieldSchema, FieldType
from tests.transform.conftest import mapping, table

if TYPE_CHECKING:
    from tests.transform.conftest import Run


@pytest.mark.parametrize(
    ("type_", "value", "stored"),
    [
        ("Number(3, 0)", "2.5::double", 3.0),
        ("Number(3, 0)", "-2.5::double", -3.0),
        ("Number(3, 0)", "999.4::double", 999.0),
        ("Number(18, 2)", "1.005::decimal(9,3)", 1.01),
        ("Number(18, 2)", "0.1::float", 0.1),
        ("Number(3, 0)", "7::utinyint", 7.0),
        ("Number(5, 2)", "' +1.5e2 '", 150.0),
        ("Number(5, 2)", "'.5'", 0.5),
        ("Number(5, 2)", "''", None),
        ("Number(5, 2)", "null", None),
        ("Number(18, 18)", "0.000000000000000001::double", 1e-18),
        ("Number(18, 0)", "999999999999999::bigint", 999_999_999_999_999.0),
        ("Number(18, 2)", "'9007199254740.99'", 9_007_199_254_740.99),
        ("Percent(5, 2)", "12.345::decimal(9,3)", 12.35),
        ("Percent(5, 2)", "0.1::double", 0.1),
        ("Currency(18, 2)", "1234567.891::double", 1234567.89),
        ("Checkbox", "true", True),
        ("Checkbox", "0", False),
        ("Checkbox", "1.0::double", True),
        ("Checkbox", "' TRUE '", True),
    ],
)
def test_a_value_that_fits_is_stored(run: Run, type_: str, value: str, stored: object) -> None:
    """Halves are rounded away from zero; percent fields hold 10 for 10 % and are never guessed."""
    result = run(mapping(type_), table(value))
    assert result.values("F__c") == [stored]


@pytest.mark.parametrize(
    ("type_", "value", "code"),
    [
        ("Number(3, 0)", "999.5::double", "NUMBER_TOO_LARGE"),
        ("Number(3, 0)", "-1000", "NUMBER_TOO_LARGE"),
        ("Number(3, 0)", "1e30::double", "NUMBER_TOO_LARGE"),
        ("Number(5, 2)", "1000::hugeint", "NUMBER_TOO_LARGE"),
        ("Number(18, 2)", "'nan'::double", "NOT_FINITE"),
        ("Number(18, 2)", "'-inf'::float", "NOT_FINITE"),
        ("Number(18, 2)", "'nan'", "NOT_A_NUMBER"),
        ("Number(18, 2)", "'1_000'", "NOT_A_NUMBER"),
        ("Number(18, 2)", "'1,5'", "NOT_A_NUMBER"),
        ("Number(18, 2)", "'0x10'", "NOT_A_NUMBER"),
        ("Number(18, 2)", "'1e300'", "NUMBER_TOO_LARGE"),
        ("Number(18, 0)", "9007199254740993::bigint", "NUMBER_TOO_LONG"),
        ("Number(18, 2)", "1234567890123456.78::decimal(18,2)", "NUMBER_TOO_LONG"),
        ("Number(18, 0)", "'123456789012345678'", "NUMBER_TOO_LONG"),
        ("Number(18, 0)", "999999999999999999::bigint", "NUMBER_TOO_LONG"),
        ("Checkbox", "null::boolean", "CHECKBOX_NULL"),
        ("Checkbox", "'yes'", "NOT_A_CHECKBOX"),
        ("Checkbox", "2", "NOT_A_CHECKBOX"),
    ],
)
def test_a_value_that_does_not_fit_is_a_reject(run: Run, type_: str, value: str, code: str) -> None:
    result = run(mapping(type_), table(value))
    assert result.codes() == [(1, "F__c", code)]
    assert result.desired == []


def test_division_by_zero_is_a_reject_with_the_cure(run: Run) -> None:
    result = run(mapping("Number(5, 2)", "1 / v"), table("0", "4"))
    assert result.codes() == [(1, "F__c", "NOT_FINITE")]
    assert "nullif(divisor, 0)" in result.rejects[0]["hint"]
    assert result.values("F__c") == [0.25]


def test_an_int_field_takes_whole_numbers_of_32_bits(run: Run) -> None:
    fields = {"F__c": FieldSchema("F__c", FieldType.INT)}
    result = run(
        mapping("Number(8, 0)"), table("250.4::double", "2147483648::double"), fields=fields
    )
    assert result.values("F__c") == [250]
    assert result.codes() == [(2, "F__c", "NUMBER_TOO_LARGE")]
    assert "at most 2,147,483,647" in result.rejects[0]["message"]


@pytest.mark.parametrize("value", ["250.4::double", "250", "250.0::decimal(9,2)", "'2.5e2'"])
def test_an_int_field_is_sent_without_a_point(run: Run, value: str) -> None:
    """An int field refuses `250.0`, so the value is stored as INTEGER."""
    field = FieldSchema("F__c", FieldType.INT, precision=8)
    result = run(mapping("Number(8, 0)"), table(value), fields={"F__c": field})
    assert [repr(stored) for stored in result.values("F__c")] == ["250"]


@pytest.mark.parametrize(
    ("type_", "value", "words"),
    [
        ("Number(3, 0)", "v > 1", "the expression gives true or false"),
        ("Number(3, 0)", "[v]", "the expression gives a list"),
        ("Checkbox", "{'a': v}", "the expression gives a struct"),
    ],
)
def test_a_type_that_can_never_fit_is_a_problem_of_the_mapping(
    run: Run, type_: str, value: str, words: str
) -> None:
    text = mapping(type_, f'"{value}"')
    with pytest.raises(MappingError) as caught:
        run(text, table("1"))
    assert words in str(caught.value)
    assert "m.yaml:5:5" in str(caught.value)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.decimals(min_value=-99999, max_value=99999, places=4))
def test_a_decimal_is_rounded_as_on_paper(run: Run, number: Decimal) -> None:
    """1.005 is 1.01 to two digits: decimals are rounded before they become doubles."""
    result = run(mapping("Number(9, 2)"), table(f"{number}::decimal(12,4)"))
    assert result.values("F__c") == [float(number.quantize(Decimal("0.01"), ROUND_HALF_UP))]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.floats(-1e9, 1e9))
def test_what_was_coerced_once_stays_as_it_is(run: Run, number: float) -> None:
    """Else a value that is read back would differ for ever."""
    once = run(mapping("Number(12, 2)"), table(f"{number!r}::double")).values("F__c")[0]
    twice = run(mapping("Number(12, 2)"), table(f"{once!r}::double")).values("F__c")[0]
    assert once == twice == float(f"{once:.2f}")
