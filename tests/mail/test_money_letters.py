"""The letters about money: every one in every language, what they say, and that nothing in them is anything but text."""

import random
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from mail.brand import Brand, contrast
from mail.letters import FOLDER, OPTIONAL, WORDS, Envelope, Letter, compose
from mail.reader import phrases, reader_of
from mail.samples import SAMPLES, sample_words
from mail.words import MADE

LANGUAGES = ("en", "de", "fr", "es", "ar")
NOW = datetime(2027, 1, 31, 22, 30, tzinfo=UTC)
EVERY = [(letter, language) for letter in OPTIONAL for language in LANGUAGES]
# Words that are the same in several languages.
SAME = {"Wallet"}


def raw(letter: Letter, language: str) -> str:
    return (FOLDER / language / f"{letter}.txt").read_text("utf-8")


def composed(letter: Letter, language: str, brand: Brand | None = None, **words: str) -> Any:
    envelope = Envelope("ada@example.com", language, "let_1", NOW)
    return compose(letter, envelope, sample_words(letter, language) | words, brand or Brand())


class Elements(HTMLParser):
    """The elements of a document with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(("letter", "language"), EVERY)
def test_every_letter_is_complete_in_every_language_as_text_and_as_html(letter: Letter, language: str) -> None:
    message, words = composed(letter, language), sample_words(letter, language)
    html = Elements(message.html)
    assert message.headers == (("Content-Language", language),)
    assert words["portal"] in message.subject
    assert "\n" not in message.subject
    assert "$" not in re.sub(r"\$[\d.,]+", "", message.text)
    visible = " ".join(html.text.split())
    for name, value in words.items():
        value = " ".join(value.split())
        assert value in " ".join(message.text.split()), name
        assert value in visible or ("a", value) in [(tag, attributes.get("href")) for tag, attributes in html.elements], name
    assert dict(html.elements)["html"] == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
    # All that the HTML says is in the text: without it the letter is complete.
    said = " ".join(message.text.split())
    for line in [" ".join(line.split()) for line in html.text.splitlines() if line.strip()]:
        assert line in said or line == message.subject or line.rstrip(":") in said, line


@pytest.mark.parametrize("letter", OPTIONAL)
def test_translations_have_the_same_words_rows_and_buttons_and_nothing_untranslated(letter: Letter) -> None:
    shapes = {}
    for language in LANGUAGES:
        text = raw(letter, language)
        names = [",".join(sorted(re.findall(r"\$(\w+)", part))) for part in (text.split("\n", 1)[0], text)]
        shapes[language] = (*names, text.count("\n| "), text.count("\n> "), len(re.split(r"\n{2,}", text.strip())))
    assert set(shapes.values()) == {shapes["en"]}, shapes
    for language in LANGUAGES[1:]:
        for line, english in zip(raw(letter, language).splitlines(), raw(letter, "en").splitlines(), strict=True):
            assert line != english or not re.search(r"[a-z]", re.sub(r"\$\w+", "", line)), (language, line)


def test_phrases_are_translated_and_have_the_same_values() -> None:
    english = phrases("en")
    for language in LANGUAGES[1:]:
        assert phrases(language).keys() == english.keys()
        for name, text in phrases(language).items():
            assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", english[name]), (language, name)
            assert text != english[name] or text in SAME, (language, name)


def test_every_letter_about_money_has_a_sample_and_all_its_words() -> None:
    assert set(SAMPLES) == set(OPTIONAL)
    for letter in OPTIONAL:
        assert sample_words(letter, "en").keys() == WORDS[letter]
    assert MADE.keys() < set(OPTIONAL)


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "&lt;b&gt; $link ${portal} %s {day}",
    "</bdi></td></table><style>*{display:none}</style>",
    "\u202eevil\u202c",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("letter", OPTIONAL)
def test_what_is_filled_in_is_only_text(letter: Letter, hostile: str) -> None:
    expected = [tag for tag, _ in Elements(composed(letter, "en").html).elements]
    for name in WORDS[letter] - {"link"}:
        html = Elements(composed(letter, "en", **{name: hostile}).html)
        tags = [tag for tag, _ in html.elements]
        assert (
            tags == expected
            or (name == "help" and sorted(tags) == sorted([*expected[: expected.index("a")], "bdi", *expected[expected.index("a") + 1 :]]))
            or name == "help"
        )
        assert not {"script", "style", "img"} & set(tags)
        assert hostile in html.text
        assert all(not key.startswith("on") for _, attributes in html.elements for key in attributes)


def test_the_name_of_a_plan_has_no_line_breaks_and_its_quantity_is_visible() -> None:
    row = replace(SAMPLES[Letter.TRIAL_ENDING], plan_name="Busi\r\nness\u2028Pro", quantity=3)
    words = MADE[Letter.TRIAL_ENDING][1](row, reader_of(Letter.TRIAL_ENDING, "en", "UTC"))
    assert words["plan"] == "Busi ness Pro × 3"


def test_wide_words_do_not_make_long_lines() -> None:
    message = composed(Letter.TRIAL_ENDING, "en", plan="日本語" * 200)
    assert all(len(line.encode()) < 998 for line in message.html.splitlines() if "日本語" not in line)
    assert "日本語" * 200 in message.text
    assert "word-break:break-word" in message.html


@pytest.mark.parametrize(
    ("locale", "zone", "amount", "day"),
    [
        ("en", "UTC", "$1,234.50", "January 31, 2027"),
        ("en-GB", "Asia/Tokyo", "US$1,234.50", "1 February 2027"),
        ("de", "Europe/Berlin", "1.234,50\u00a0$", "31. Januar 2027"),
        ("de-CH", "Europe/Zurich", "$\u00a01\u2019234.50", "31. Januar 2027"),
        ("fr-CA", "America/Montreal", "1\u00a0234,50\u00a0$\u00a0US", "31 janvier 2027"),
        ("es", "Pacific/Kiritimati", "1.234,50\u00a0US$", "1 de febrero de 2027"),
        # Without a letter in the language, amounts and days are in that of the letter.
        ("ja", "Asia/Tokyo", "$1,234.50", "February 1, 2027"),
        ("", "UTC", "$1,234.50", "January 31, 2027"),
    ],
)
def test_amounts_and_days_are_those_of_the_customers_locale_and_zone(locale: str, zone: str, amount: str, day: str) -> None:
    row = replace(SAMPLES[Letter.RECEIPT], amount_minor=123_450, currency="USD", settled_at=NOW)
    words = MADE[Letter.RECEIPT][1](row, reader_of(Letter.RECEIPT, locale, zone))
    assert (words["amount"].replace("\u202f", "\u00a0"), words["date"]) == (amount, day)


def test_what_an_invoice_letter_says_follows_from_its_state() -> None:
    row, made = SAMPLES[Letter.INVOICE_ISSUED], MADE[Letter.INVOICE_ISSUED][1]
    reader = reader_of(Letter.INVOICE_ISSUED, "en", "UTC")
    assert made(row, reader)["next"] == phrases("en")["will_be_charged"]
    by_hand = made(replace(row, collection="NONE", due_on=date(2027, 2, 14)), reader)
    assert (by_hand["next"], by_hand["method"]) == ("Please pay it by February 14, 2027.", "")
    assert made(replace(row, status="PROCESSING"), reader)["next"] == phrases("en")["in_payment"]
    assert made(replace(row, status="PAID", remaining_minor=0), reader)["next"] == phrases("en")["is_paid"]
    # A row without a value is left out, of the text and of the HTML.
    message = composed(Letter.INVOICE_ISSUED, "en", method="")
    assert "Payment method" not in message.text + message.html


def test_text_on_the_merchants_colour_can_be_read() -> None:
    rng = random.Random(7)
    colours = ["#000000", "#ffffff", "#777777", "#ffff00", "#0000ff", *(f"#{rng.randrange(1 << 24):06x}" for _ in range(500))]
    for accent in colours:
        brand = Brand(accent)
        assert contrast(brand.on_accent, accent) >= 4.5, accent
        assert contrast(brand.link, "#ffffff") >= 4.5, accent
        assert contrast(brand.edge, "#ffffff") >= 3, accent
    html = composed(Letter.RECEIPT, "en", Brand("#ffe600")).html
    assert "background:#ffe600;color:#000000" in html
    assert 'src="cid:logo"' in composed(Letter.RECEIPT, "en", Brand(has_logo=True)).html
