"""The letters: which there are, in which language, and that nothing gets into them that is not meant to."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mail import letters
from mail.letters import FOLDER, WORDS, Envelope, Letter, compose, read
from mail.port import Unsendable

NOW = datetime(2026, 11, 22, 20, 59, 47, tzinfo=UTC)
ALL = {"portal": "Acme Portal", "help": "help@acme.example", "link": "https://portal.example/?a=b&token=" + "x" * 43, "code": "491 337"}
ALL |= {"invoice": "INV-2027-000042", "amount": "€50.00", "next": "We will try again on February 11.", "method": "Visa •••• 4242", "month": "March 2027"}
ALL |= {"issued": "January 31, 2027", "due": "February 14, 2027", "date": "March 1, 2027", "invoices": "INV-2027-000041", "plan": "Business × 3"}
ALL |= {"note": "CN-2027-000007", "released": "€10.00", "granted": "€15.00", "refunded": "€25.01", "reason": "An invoice is unpaid."}
ALL |= {"endpoint": "https://hooks.example.com/portico"}
ALL |= {"old": "€12.00", "new": "€14.00", "from": "April 2, 2027"}


def words(letter: Letter) -> dict[str, str]:
    return {word: ALL[word] for word in WORDS[letter]}


def envelope(locale: str = "en") -> Envelope:
    return Envelope(to="ada@example.com", locale=locale, id="ltr_1", written_at=NOW)


@pytest.fixture
def translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Adds translations of the password reset to the English letters."""

    def add(**subjects: str) -> None:
        for file in (FOLDER / "en").iterdir():
            put(tmp_path / "en" / file.name, file.read_text("utf-8"))
        for language, subject in subjects.items():
            put(tmp_path / language.replace("_", "-") / "password_reset.txt", f"{subject}\n\n$link\n")
        monkeypatch.setattr(letters, "_WORDINGS", read(tmp_path))

    return add


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.mark.parametrize("letter", Letter)
def test_every_letter_says_in_english_all_that_it_has_to_say(letter: Letter) -> None:
    message = compose(letter, envelope(), words(letter))
    assert (message.to, message.id, message.written_at, message.headers) == ("ada@example.com", "ltr_1", NOW, (("Content-Language", "en"),))
    assert "Acme Portal" in message.subject
    assert message.subject == message.subject.strip()
    for word in WORDS[letter]:
        assert ALL[word] in message.text
    assert "$" not in message.subject + message.text
    assert message.text.endswith("\n")
    assert all(len(line) <= 78 for line in message.text.splitlines())


def test_a_link_stands_alone_in_its_line_and_the_letter_says_how_long_it_works() -> None:
    for letter, validity in ((Letter.CONFIRM_EMAIL, "24 hours"), (Letter.PASSWORD_RESET, "30 minutes"), (Letter.PORTAL_LINK, "15 minutes")):
        text = compose(letter, envelope(), words(letter)).text
        assert ALL["link"] in text.splitlines()
        assert validity in text


def test_letters_about_a_change_say_what_to_do_if_it_was_somebody_else() -> None:
    for letter in (Letter.EMAIL_CHANGED, Letter.PASSWORD_CHANGED):
        assert "If it was not you" in compose(letter, envelope(), words(letter)).text


def test_the_language_is_the_nearest_there_is(translated: Callable[..., None]) -> None:
    translated(de="Neues Kennwort", pt_BR="Nova senha", zh_Hant="新密碼")
    for locale, language in {
        "de": "de",
        "de-CH": "de",
        "DE-ch-1996": "de",
        "pt-BR": "pt-BR",
        "pt-br-x-private": "pt-BR",
        "pt": "en",
        "pt-PT": "en",
        "zh-Hant-TW": "zh-Hant",
        "zh": "en",
        "en-GB": "en",
        "fr-CA": "en",
        "": "en",
        "-": "en",
        "../de": "en",
        "de/../../x": "en",
        "x" * 100_000: "en",
    }.items():
        message = compose(Letter.PASSWORD_RESET, envelope(locale), words(Letter.PASSWORD_RESET))
        assert message.headers == (("Content-Language", language),), locale[:40]


def test_a_locale_without_end_costs_nothing(translated: Callable[..., None]) -> None:
    translated(de="Neues Kennwort")
    started = time.thread_time()
    compose(Letter.PASSWORD_RESET, envelope("de" + "-x" * 10_000), words(Letter.PASSWORD_RESET))
    assert time.thread_time() - started < 0.1


def test_a_letter_that_is_not_translated_yet_is_sent_in_english(translated: Callable[..., None]) -> None:
    translated(de="Neues Kennwort")
    message = compose(Letter.PORTAL_LINK, envelope("de"), words(Letter.PORTAL_LINK))
    assert message.headers == (("Content-Language", "en"),)


@pytest.mark.parametrize("value", ["x\r\nBcc: all@example.com", "x\nhttps://evil.example", "x\rx", "x\u2028x", "x\0", "x\x85x", "\ud800"], ids=ascii)
def test_a_word_that_is_not_one_line_is_refused(value: str) -> None:
    for word in WORDS[Letter.CONFIRM_EMAIL]:
        with pytest.raises(Unsendable):
            compose(Letter.CONFIRM_EMAIL, envelope(), words(Letter.CONFIRM_EMAIL) | {word: value})


def test_words_that_are_missing_or_too_many_are_refused() -> None:
    with pytest.raises(Unsendable, match="link"):
        compose(Letter.PASSWORD_RESET, envelope(), {"portal": "Acme", "help": "x"})
    with pytest.raises(Unsendable):
        compose(Letter.PASSWORD_CHANGED, envelope(), words(Letter.PASSWORD_CHANGED) | {"name": "Win a prize at evil.example"})


def test_a_word_is_not_filled_in_again() -> None:
    message = compose(Letter.PASSWORD_RESET, envelope(), {"portal": "$link ${help} $$", "help": "x", "link": "https://portal.example"})
    assert "$link ${help} $$" in message.subject


@pytest.mark.parametrize("text", ["Hello $name\n\ntext\n", "Hello\n\n$lnik\n", "Hello\n\n$ 5\n", "\n\ntext\n", "Hello\n\n", ""])
def test_a_translation_with_a_mistake_is_found_when_the_program_starts(translated: Callable[..., None], tmp_path: Path, text: str) -> None:
    translated()
    put(tmp_path / "de" / "password_reset.txt", text)
    with pytest.raises(ValueError, match=r"password_reset\.txt"):
        read(tmp_path)


def test_a_letter_without_an_english_text_or_of_no_known_kind_is_found_when_the_program_starts(translated: Callable[..., None], tmp_path: Path) -> None:
    translated()
    put(tmp_path / "de" / "passwort_reset.txt", "Betreff\n\nText\n")
    with pytest.raises(ValueError, match="passwort_reset"):
        read(tmp_path)
    (tmp_path / "de" / "passwort_reset.txt").unlink()
    (tmp_path / "en" / "portal_link.txt").unlink()
    with pytest.raises(ValueError, match="portal_link"):
        read(tmp_path)
