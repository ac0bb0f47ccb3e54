"""The texts of the letters: one file per letter and language in `letters/<language>/`. Its first line is the subject.

To translate, copy `letters/en` to a folder named by the language (`de`, `pt-BR`) and translate the files in it. A letter without a translation is sent in English.
A `$word` is replaced by a value. WORDS lists the words of each letter; the files are checked against it when the program starts. `markup` has the marks of rows and
buttons, `letters/<language>/phrases.toml` the words and sentences that are values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from string import Template

from mail.brand import Brand
from mail.html import HtmlLetter, html_of
from mail.markup import TextBlock, blocks_of, plain_text
from mail.port import Message, Unsendable, is_one_line

FOLDER = Path(__file__).parent / "letters"
FALLBACK = "en"
MAX_TAG = 35  # characters, RFC 5646 section 4.4.1


class Letter(StrEnum):
    CONFIRM_EMAIL = "confirm_email"
    EMAIL_CHANGED = "email_changed"
    EMAIL_CORRECTED = "email_corrected"
    EMAIL_TAKEN = "email_taken"
    PASSWORD_RESET = "password_reset"
    FIRST_PASSWORD = "first_password"
    INVITATION = "invitation"
    PASSWORD_CHANGED = "password_changed"
    PORTAL_LINK = "portal_link"
    NEW_SIGN_IN_ELSEWHERE = "new_sign_in_elsewhere"
    DATA_EXPORT = "data_export"
    PAYMENT_FAILED = "payment_failed"
    PRICE_CHANGE = "price_change"
    INVOICE_ISSUED = "invoice_issued"
    RECEIPT = "receipt"
    CARD_EXPIRING = "card_expiring"
    TRIAL_ENDING = "trial_ending"
    RENEWAL_TO_COME = "renewal_to_come"
    ON_HOLD = "on_hold"
    CANCELLATION = "cancellation"
    REFUND = "refund"
    CREDIT_NOTE = "credit_note"
    WEBHOOK_DISABLED = "webhook_disabled"


# No letter contains the customer's name, or any other text that an unauthenticated caller can choose: such a text could be an advertisement that we then send.
# `plan` is a plan of the merchant with the quantity, `old` and `new` are amounts, and `from` is a day.
# `portal` is the name of the portal, `help` the address of its support, `link` a whole URL, `invoice` a number, `amount` has its currency, `next` is a sentence.
# `plan` is a plan of the merchant with the quantity, `old` and `new` are amounts, `from` is a day; `reason` is a sentence; `method`, `due`, `invoices`, `released`, `granted`
# and `refunded` may be empty. `endpoint` is the URL of a webhook.
WORDS = {
    Letter.CONFIRM_EMAIL: {"portal", "help", "link", "code"},
    Letter.EMAIL_CHANGED: {"portal", "help"},
    Letter.EMAIL_CORRECTED: {"portal", "help"},
    Letter.EMAIL_TAKEN: {"portal", "help"},
    Letter.PASSWORD_RESET: {"portal", "help", "link"},
    Letter.FIRST_PASSWORD: {"portal", "help", "link"},
    Letter.INVITATION: {"portal", "help", "link"},
    Letter.PASSWORD_CHANGED: {"portal", "help"},
    Letter.PORTAL_LINK: {"portal", "help", "link"},
    Letter.NEW_SIGN_IN_ELSEWHERE: {"portal", "help"},
    Letter.DATA_EXPORT: {"portal", "help", "link"},
    Letter.PAYMENT_FAILED: {"portal", "help", "link", "invoice", "amount", "next"},
    Letter.PRICE_CHANGE: {"portal", "help", "plan", "old", "new", "from"},
    Letter.INVOICE_ISSUED: {"portal", "help", "link", "invoice", "issued", "amount", "due", "method", "next"},
    Letter.RECEIPT: {"portal", "help", "link", "amount", "date", "method", "invoices"},
    Letter.CARD_EXPIRING: {"portal", "help", "link", "method", "month"},
    Letter.TRIAL_ENDING: {"portal", "help", "link", "plan", "date", "amount"},
    Letter.RENEWAL_TO_COME: {"portal", "help", "link", "plan", "date", "amount"},
    Letter.ON_HOLD: {"portal", "help", "link", "plan", "reason"},
    Letter.CANCELLATION: {"portal", "help", "link", "plan", "date", "next"},
    Letter.REFUND: {"portal", "help", "link", "amount", "date", "method", "invoices"},
    Letter.CREDIT_NOTE: {"portal", "help", "link", "note", "invoice", "amount", "released", "granted", "refunded"},
    Letter.WEBHOOK_DISABLED: {"portal", "help", "endpoint", "reason"},
}

# The letters that a setting can switch off. The others are about the security of an account.
OPTIONAL = (
    Letter.INVOICE_ISSUED,
    Letter.RECEIPT,
    Letter.PAYMENT_FAILED,
    Letter.CARD_EXPIRING,
    Letter.TRIAL_ENDING,
    Letter.RENEWAL_TO_COME,
    Letter.ON_HOLD,
    Letter.CANCELLATION,
    Letter.REFUND,
    Letter.CREDIT_NOTE,
    Letter.INVITATION,
    Letter.PRICE_CHANGE,
)


@dataclass(frozen=True, slots=True)
class LetterText:
    language: str
    subject: Template
    blocks: tuple[TextBlock, ...]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The recipient, the language (a BCP 47 tag), the id and the time of a letter."""

    to: str
    locale: str
    id: str
    written_at: datetime


def compose(letter: Letter, envelope: Envelope, words: Mapping[str, str], brand: Brand = Brand()) -> Message:
    """Return the letter in the language nearest to the envelope's, as text and as HTML. Raises Unsendable for a word that is missing, unknown, or longer than one line."""
    if words.keys() != WORDS[letter]:
        raise Unsendable(f"the words of {letter} are {', '.join(sorted(WORDS[letter]))}")
    if not all(map(is_one_line, words.values())):
        raise Unsendable("a word of a letter is not one line")
    wording = _wording(letter, envelope.locale)
    subject = wording.subject.substitute(words)
    return Message(
        to=envelope.to,
        subject=subject,
        text=plain_text(wording.blocks, words),
        html=html_of(HtmlLetter(subject, wording.blocks, words, wording.language, brand)),
        written_at=envelope.written_at,
        id=envelope.id,
        headers=(("Content-Language", wording.language),),
    )


def language_of(letter: Letter, locale: str) -> str:
    """Return the language of a letter's text for a locale, so that the values filled in can be in the same language."""
    return _wording(letter, locale).language


def _wording(letter: Letter, locale: str) -> LetterText:
    """Return the text by lookup (RFC 4647, section 3.4): the tag loses its last part until a text exists, so `de-CH-1996` gets the text of `de`."""
    parts = locale[:MAX_TAG].lower().split("-")
    tags = ["-".join(parts[:size]) for size in range(len(parts), 0, -1)]
    return next((_WORDINGS[letter, tag] for tag in tags if (letter, tag) in _WORDINGS), _WORDINGS[letter, FALLBACK])


def read(folder: Path) -> dict[tuple[Letter, str], LetterText]:
    """Return all texts by letter and lower-case language.

    Raises ValueError for a text with an unknown word or without a subject, and for a letter without an English text.
    """
    wordings = {(Letter(file.stem), file.parent.name.lower()): _read(file) for file in sorted(folder.glob("*/*.txt"))}
    if lacking := [letter for letter in Letter if (letter, FALLBACK) not in wordings]:
        raise ValueError(f"there is no English text of {', '.join(lacking)}")
    return wordings


def _read(file: Path) -> LetterText:
    subject, _, text = file.read_text("utf-8").partition("\n")
    wording = LetterText(file.parent.name, Template(subject.strip()), blocks_of(text))
    for template in (wording.subject, Template(text)):
        if not template.template.strip() or not template.is_valid() or not set(template.get_identifiers()) <= WORDS[Letter(file.stem)]:
            raise ValueError(f"{file} has no subject, no text, or a word that is not in it")
    return wording


_WORDINGS = read(FOLDER)
