"""TypeIDs: their text sorts by time and names the kind."""

from hypothesis import given
from hypothesis import strategies as st

from billing.ids import ALPHABET, prefix_of, type_id

MILLISECONDS = st.integers(0, 2**48 - 1)
ENTROPY = st.integers(0, 2**74 - 1)


def test_an_id_is_the_uuid_of_the_specification() -> None:
    # The example of the TypeID specification: UUID 01890a5d-ac96-774b-bcce-b302099a8057.
    entropy = (0x74B << 62) | (0xBCCEB302099A8057 & (1 << 62) - 1)
    assert type_id("prefix", 0x01890A5DAC96, entropy=entropy) == "prefix_01h455vb4pex5vsknk084sn02q"


@given(MILLISECONDS, MILLISECONDS, ENTROPY, ENTROPY)
def test_ids_sort_by_time(first: int, second: int, one: int, other: int) -> None:
    if first < second:
        assert type_id("sub", first, entropy=one) < type_id("sub", second, entropy=other)


@given(MILLISECONDS, ENTROPY)
def test_an_id_has_26_characters_of_the_alphabet_after_its_prefix(milliseconds: int, entropy: int) -> None:
    made = type_id("inv", milliseconds, entropy=entropy)
    assert prefix_of(made) == "inv"
    assert set(made.removeprefix("inv_")) <= set(ALPHABET)
    assert len(made) == 30


@given(st.text())
def test_anything_else_has_no_prefix_or_one_that_nothing_bears(text: str) -> None:
    assert "_" not in text or prefix_of(text) == "" or len(text.rpartition("_")[2]) == 26
