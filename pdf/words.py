"""The fixed words on papers, one file for each language. A language without a file gets English words, with its own formats of dates and amounts."""

import tomllib
from pathlib import Path

LANGUAGES = Path(__file__).parent / "languages"
WORDS: dict[str, dict[str, str]] = {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(LANGUAGES.glob("*.toml"))}
FALLBACK = "en"


def language_of(locale: str) -> str:
    """Return the language of the words on the paper for a locale: "de" for de-AT, and "en" for "it", which has no file."""
    language = locale[:40].replace("_", "-").partition("-")[0].lower()
    return language if language in WORDS else FALLBACK
