"""The merchant's ids and metadata, and what saving an object changes."""

import pytest

from billing.merchant.names import MAX_PAIRS, checked_external_id, merged_metadata
from billing.merchant.upserts import SaveOutcome, changed_columns, save_outcome
from billing.refusals import ErrorCode, Refused


@pytest.mark.parametrize("text", ["4711", "a", "ä" * 200, "customer 7 / DE", "0"])
def test_an_external_id_is_taken_once_and_stays(text: str) -> None:
    assert checked_external_id(text) == text
    assert checked_external_id(text, text) == text
    with pytest.raises(Refused) as error:
        checked_external_id(text + "x" if len(text) < 200 else "x", text)
    assert (error.value.code, error.value.field) == (ErrorCode.EXTERNAL_ID_FINAL, "externalId")


def test_a_null_external_id_changes_nothing_and_cannot_remove_one() -> None:
    assert checked_external_id(None) is None
    with pytest.raises(Refused, match="never changes"):
        checked_external_id(None, "4711")


@pytest.mark.parametrize("text", ["", "x" * 201, "a\nb", "a\tb", "a\u200bb", "\x7f"])
def test_an_external_id_that_cannot_be_printed_or_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(Refused) as error:
        checked_external_id(text)
    assert (error.value.code, error.value.field) == (ErrorCode.INVALID_VALUE, "externalId")


def test_metadata_is_merged_by_pair() -> None:
    current = {"crm": "1", "public:tier": "gold"}
    assert merged_metadata(current, {"crm": None, "erp": "2"}) == {"public:tier": "gold", "erp": "2"}
    assert merged_metadata(current, {}) == current
    assert merged_metadata(current, None) == {}
    assert merged_metadata(current, {"unknown": None}) == current


@pytest.mark.parametrize("changes", [{"": "x"}, {"k" * 41: "x"}, {"a\nb": "x"}, {"k": "v" * 501}, {str(number): "x" for number in range(MAX_PAIRS + 1)}])
def test_metadata_beyond_its_bounds_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(Refused) as error:
        merged_metadata({}, changes)
    assert (error.value.code, error.value.field) == (ErrorCode.INVALID_VALUE, "metadata")


def test_metadata_at_its_bounds_is_taken() -> None:
    changes = {f"{number:040}": "v" * 500 for number in range(MAX_PAIRS)}
    assert merged_metadata({}, changes) == changes


def test_saving_says_what_it_does() -> None:
    current = {"name": "Ada", "company_name": "Engines", "locale": "en"}
    assert changed_columns(current, {"name": "Ada", "company_name": None}) == {"company_name": None}
    assert save_outcome(None, {}) is SaveOutcome.CREATED
    assert save_outcome(current, {"company_name": None}) is SaveOutcome.UPDATED
    assert save_outcome(current, changed_columns(current, {"name": "Ada"})) is SaveOutcome.UNCHANGED
    with pytest.raises(KeyError):
        changed_columns(current, {"nickname": "A"})
