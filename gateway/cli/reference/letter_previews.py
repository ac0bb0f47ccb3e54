"""The command `letters`: the letters about money as files, filled with samples, as the merchant of the settings sends them."""

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

from gateway.operator_errors import OperatorError
from gateway.wiring.configuration.settings import load
from gateway.wiring.letterhead import brand, logo_of
from mail.brand import LOGO_ID, Brand, LogoImage
from mail.letters import FOLDER, OPTIONAL, Envelope, Letter, compose
from mail.port import Message
from mail.samples import sample_words


def write_previews(folder: Path, language: str) -> None:
    """Write `<letter>.<language>.html` and `.txt` for each letter. Raises OperatorError."""
    _check_language(language)
    settings = load()
    logo = logo_of(settings.merchant_logo)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for letter in OPTIONAL:
            message = preview(letter, language, settings.merchant, brand(settings))
            (folder / f"{letter}.{language}.html").write_text(_with_logo(message.html, logo.image if logo else None), "utf-8")
            (folder / f"{letter}.{language}.txt").write_text(f"{message.subject}\n\n{message.text}", "utf-8")
    except OSError as error:
        raise OperatorError(f"{folder} cannot be written ({error.strerror}).") from None


def _check_language(language: str) -> None:
    """Check that there are texts, also where the tag has a region, as in de-CH. Raises OperatorError."""
    languages = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
    if language.lower().partition("-")[0] not in {name.lower().partition("-")[0] for name in languages}:
        raise OperatorError(f"There are no letters in {language}. The languages are {', '.join(languages)}; docs/letters.md says how to add one.")


def preview(letter: Letter, language: str, merchant: str, brand: Brand) -> Message:
    envelope = Envelope("preview@example.com", language, "let_preview", datetime.now(UTC))
    return compose(letter, envelope, sample_words(letter, language, portal=merchant), brand)


def _with_logo(html: str, image: LogoImage | None) -> str:
    """Return the HTML with the logo in it, because a file has no other parts as a letter has."""
    return html.replace(f"cid:{LOGO_ID}", f"data:image/{image.subtype};base64,{b64encode(image.content).decode()}") if image else html
