"""The committed bundle: it is the build of the sources that are there, small, complete in every language, and without GraphQL text."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from billing.refusals import ErrorCode
from billing.states import RefundStatus
from gateway.documents.document_cache import first_party, first_party_actions, first_party_streams
from gateway.routes.portal import DIST, STYLES
from resolvers.documents.manifests import id_of

PORTAL = DIST.parent
SOURCES = ("codegen.js", "index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts")
LANGUAGES = ("en", "de", "fr", "es", "ar")
# What a browser may load to show the first page: to a customer who is signed in the Summary, else the sign-in.
FIRST_PAGE_BYTES = 120_000
# The accessible name of a button, and the text that it shows: `aria-label={t('methods.deleteOf', { name })} …> {t('delete')}`.
NAMED = re.compile(r"""label=\{t\('([\w.]+)'[^>]*(?:=>[^>]*)*>\s*\{t\('([\w.]+)'\)\}""")
# Codes of staff's mutations and of direct uploads are translated too, so every code is.
IMPORT = re.compile(r"""(?:from|import)\s*\(?["'`]\./([\w.-]+\.js)["'`]""")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest() -> dict[str, str]:
    return json.loads((DIST / "manifest.json").read_text())


def scripts() -> dict[str, str]:
    return {path.name: path.read_text() for path in (DIST / "assets").glob("*.js")}


def messages(language: str) -> dict[str, str]:
    return json.loads((PORTAL / "src/i18n/locales" / f"{language}.json").read_text())


def static_imports(name: str, texts: dict[str, str]) -> set[str]:
    """The chunks that a chunk loads before it runs, and itself."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in reached:
            reached.add(current)
            head = re.sub(r"import\([^)]*\)", "", texts[current])
            waiting += [chunk for chunk in IMPORT.findall(head) if chunk in texts]
    return reached


def test_every_file_of_the_bundle_is_the_one_that_was_built() -> None:
    files = {path.relative_to(DIST).as_posix(): digest(path) for path in DIST.rglob("*") if path.is_file() and path.name != "manifest.json"}
    assert {name: value for name, value in manifest().items() if name != "source"} == files


def test_the_bundle_was_built_from_the_sources_that_are_there() -> None:
    files = sorted([*SOURCES, *(path.relative_to(PORTAL).as_posix() for path in (PORTAL / "src").rglob("*") if path.is_file())])
    lines = "".join(f"{digest(PORTAL / name)}  {name}\n" for name in files)
    assert manifest()["source"] == hashlib.sha256(lines.encode()).hexdigest()


def test_every_document_id_in_the_bundle_is_of_a_shipped_document_and_there_is_no_graphql_text() -> None:
    """A document that was changed without a new build would be refused by every gateway."""
    published = {id_of(text) for text in (first_party() | first_party_actions() | first_party_streams()).values()}
    text = "".join(scripts().values())
    ids = set(re.findall(r"sha256:[0-9a-f]{64}", text))
    assert len(ids) > 30
    assert ids - published == set()
    assert re.search(r"(query|mutation|subscription) \w+\s*(\(\$|\{)", text) is None
    assert "userErrors {" not in text


@pytest.mark.parametrize("page", ["Summary", "SignIn"])
def test_the_scripts_of_the_first_page_are_within_the_budget(page: str) -> None:
    texts = scripts()
    entry = re.search(r'src="/portal/assets/(index-[\w-]+\.js)"', (DIST / "index.html").read_text())
    assert entry
    chunk = next(name for name in texts if name.startswith(f"{page}-"))
    catalog = next(name for name in texts if name.startswith("_catalog_en-"))
    loaded = static_imports(entry[1], texts) | static_imports(chunk, texts) | {catalog}
    assert sum(len(gzip.compress(texts[name].encode(), 9)) for name in loaded) <= FIRST_PAGE_BYTES
    assert len(loaded) >= 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_name_of_a_button_contains_the_text_that_it_shows(language: str) -> None:
    """Who controls a browser by voice says what is written on the button (WCAG 2.5.3)."""
    texts = messages(language)
    pairs = {pair for path in (PORTAL / "src").rglob("*.tsx") for pair in NAMED.findall(path.read_text())}
    assert len(pairs) >= 9
    assert [pair for pair in pairs if texts[pair[1]].lower() not in texts[pair[0]].lower()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_there_in_every_language_with_the_same_values(language: str) -> None:
    english, translated = messages("en"), messages(language)
    assert set(translated) == set(english)
    assert [name for name, text in translated.items() if not text.strip()] == []
    values = re.compile(r"\{([a-zA-Z]+)[,}]")
    assert [name for name, text in translated.items() if set(values.findall(text)) != set(values.findall(english[name]))] == []


def test_most_messages_differ_between_languages() -> None:
    """The control of the test above: a copy of the English catalog would pass it."""
    english = messages("en")
    for language in LANGUAGES[1:]:
        same = [name for name, text in messages(language).items() if text == english[name] and re.search("[a-z]{4}", re.sub(r"\{[^}]*\}", "", text))]
        assert len(same) < len(english) / 10, (language, same)


def test_every_error_code_has_words_for_the_customer() -> None:
    assert {f"error.{code.value}" for code in ErrorCode} - set(messages("en")) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_status_of_a_refund_has_a_sentence_of_its_own(language: str) -> None:
    """None has the status in brackets behind the sentence of another one."""
    sentences = {name: text for name, text in messages(language).items() if name.startswith("payments.refund.")}
    assert set(sentences) == {f"payments.refund.{status.value}" for status in RefundStatus}
    assert len(set(sentences.values())) == len(sentences)
    assert [text for text in sentences.values() if "(" in text] == []


def test_the_styles_that_the_policy_allows_are_those_of_the_components() -> None:
    rules = {re.sub(r"\s|\[[^]]*\]", "", style) for style in STYLES}
    text = re.sub(r"\s|\[[^]]*\]", "", "".join(scripts().values()))
    assert [rule for rule in rules if rule not in text] == []


def test_the_licences_of_all_packages_are_listed() -> None:
    text = (DIST / "LICENSES.txt").read_text()
    for package in ("react", "react-dom", "urql", "wouter", "@lingui/core", "react-aria-components"):
        assert re.search(rf"^## {re.escape(package)} - ", text, re.MULTILINE), package


def test_the_lock_file_names_no_host() -> None:
    assert "resolved" not in (PORTAL / "package-lock.json").read_text()
