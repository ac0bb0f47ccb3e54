"""The fixed words: every language has every word, with the same places to fill, and nothing that a paper asks for is missing."""

import re
from pathlib import Path
from string import Formatter

import pytest

from billing.money.wording import Wording, WordingKind
from pdf.line_words import ENTRIES, SENTENCES, described, entry_text
from pdf.statement import EntryKind
from pdf.words import WORDS, language_of

PAPERS = Path(__file__).parents[2] / "pdf"
ENGLISH = WORDS["en"]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_languages_are_those_that_were_promised() -> None:
    assert set(WORDS) == {"en", "de", "fr", "es", "ar", "ja", "pt"}


@pytest.mark.parametrize("language", sorted(WORDS))
def test_a_language_has_every_word_and_the_same_places_to_fill(language: str) -> None:
    words = WORDS[language]
    assert words.keys() == ENGLISH.keys()
    assert {name for name, word in words.items() if not word.strip() or word != word.strip()} == set()
    assert {name: places(word) for name, word in words.items()} == {name: places(word) for name, word in ENGLISH.items()}


@pytest.mark.parametrize("language", sorted(WORDS.keys() - {"en"}))
def test_words_are_translated(language: str) -> None:
    """Some words are the same in two languages, such as Total; a file that was copied is not."""
    same = [name for name, word in WORDS[language].items() if word == ENGLISH[name]]
    assert len(same) < len(ENGLISH) / 5, same
    if language in ("ja", "ar"):
        assert same == []


def test_every_word_that_papers_use_exists() -> None:
    sources = [*PAPERS.glob("*.py"), *(PAPERS / "templates").glob("*.typ")]
    used = {
        name
        for file in sources
        for name in re.findall(r"words\.([a-z]\w*)\b(?!\()|words\[\"(\w+)\"\]", file.read_text(encoding="utf-8"))
        for name in name
        if name
    }
    assert len(used) > 30
    assert used - ENGLISH.keys() == set()


def test_every_kind_of_entry_has_a_word() -> None:
    assert {f"entry_{kind}" for kind in EntryKind} <= ENGLISH.keys()


@pytest.mark.parametrize("language", sorted(WORDS.keys() - {"en"}))
def test_every_sentence_of_portico_is_said_in_every_language(language: str) -> None:
    for kind in WordingKind:
        wording = Wording(kind, "{Team} 1")
        sentence = described(wording.english, kind, wording.subject, language)
        assert sentence != wording.english
        assert wording.subject in sentence, "a subject with braces is a text like any other"
    assert {text for text in ENTRIES if entry_text(text, language) == text} == set()
    assert described("Travel", None, None, language) == entry_text("Travel", language) == "Travel", "the merchant's words stay"


def test_a_language_without_words_reads_the_sentences_in_english() -> None:
    assert "it" not in SENTENCES
    assert described("Unused time on Team", "UNUSED_TIME", "Team", "it") == "Unused time on Team"


@pytest.mark.parametrize(
    ("locale", "language"), [("de-AT", "de"), ("pt_BR", "pt"), ("pt-PT", "pt"), ("ar-KW", "ar"), ("ja", "ja"), ("es-419", "es"), ("it", "en"), ("", "en")]
)
def test_a_locale_reads_the_words_of_its_language(locale: str, language: str) -> None:
    assert language_of(locale) == language
