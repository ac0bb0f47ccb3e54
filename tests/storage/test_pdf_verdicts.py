"""Which PDFs are refused: real actions, however they are packed, and never words."""

from collections.abc import Iterator
from io import BytesIO
from itertools import islice, product

import pytest
from pikepdf import settings

from billing.attachments import MAX_UNPACKED_BYTES
from billing.refusals import ErrorCode, Refused
from storage.pdf import verdict
from tests.storage.independent import actions_of
from tests.storage.pdf_grammar import ACTIONS, ALWAYS, BY_ITSELF, CLICKED, MENTIONS, NAMED, OPENED, PACKINGS, PLACES, objects_of


@pytest.fixture(autouse=True)
def _limits() -> Iterator[None]:
    """The parser's limits are the process's, and other tests of this process have their own."""
    before = settings.get_qpdf_limits()
    verdict.set_limits()
    yield
    settings.set_qpdf_limits(**before)  # type: ignore[arg-type]


def refusal_of(content: bytes) -> Refused | None:
    try:
        verdict.judge(BytesIO(content), MAX_UNPACKED_BYTES)
    except Refused as refused:
        return refused
    return None


def code_of(content: bytes) -> ErrorCode | None:
    refused = refusal_of(content)
    return refused.code if refused else None


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_file_without_actions_passes_however_it_is_packed(packing: str) -> None:
    content = PACKINGS[packing](objects_of())
    assert code_of(content) is None
    assert actions_of(content) == []


@pytest.mark.parametrize("place", [*PLACES, *NAMED])
def test_every_action_is_refused_in_every_place(place: str) -> None:
    kinds = {"a script": ALWAYS["a script"]} if place in NAMED else ACTIONS if place in OPENED else ALWAYS
    for kind, action in kinds.items():
        refused = refusal_of(PACKINGS["as it is"](objects_of(**(PLACES | NAMED)[place](action))))
        assert refused is not None, kind
        assert refused.code == ErrorCode.UNSAFE_FILE, kind


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_action_and_every_place_is_found_in_every_packing(packing: str) -> None:
    """Each action once and each place once, paired so that all packings together have most pairs."""
    start = list(PACKINGS).index(packing)
    pairs = [pair for pair in product(ACTIONS, PLACES) if pair[0] in ALWAYS or pair[1] in OPENED]
    chosen = list(islice(pairs, start % 7, None, 7))
    for kind, place in chosen:
        content = PACKINGS[packing](objects_of(**PLACES[place](ACTIONS[kind])))
        assert code_of(content) == ErrorCode.UNSAFE_FILE, (kind, place)
    assert {kind for kind, _ in chosen} == set(ACTIONS)
    assert {place for _, place in chosen} == set(PLACES)


@pytest.mark.parametrize("packing", PACKINGS)
def test_words_and_links_pass_in_every_packing(packing: str) -> None:
    for place, entries in MENTIONS.items():
        content = PACKINGS[packing](objects_of(**entries))
        refused = refusal_of(content)
        assert refused is None, (place, refused and refused.message)


@pytest.mark.parametrize("place", CLICKED)
def test_what_a_click_starts_passes_unless_it_is_refused_everywhere(place: str) -> None:
    for kind, action in BY_ITSELF.items():
        assert code_of(PACKINGS["as it is"](objects_of(**CLICKED[place](action)))) is None, kind


def test_the_independent_reader_finds_scripts_that_this_test_relies_on() -> None:
    for place in OPENED:
        assert set(actions_of(PACKINGS["as it is"](objects_of(**OPENED[place](ALWAYS["a script"]))))) == {"/JavaScript"}, place
    assert actions_of(PACKINGS["packed by Flate"](objects_of(**OPENED["on opening"](ALWAYS["a program"])))) == ["/Launch"]
