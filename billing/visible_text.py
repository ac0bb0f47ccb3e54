"""The visible characters of a name: those that are drawn, and the joiners that some scripts and emoji need.

The rule applies to names of files and of people. Characters that Python's tables do not have yet stay: they are newer letters and emoji.
"""

import unicodedata

# Zero-width non-joiner and joiner: Persian, Indic scripts, emoji of several parts. U+180E separates vowels in Mongolian.
JOINERS = "\u200c\u200d\u180e"
# Format characters that are drawn: signs of Arabic, Syriac and Kaithi around numbers.
DRAWN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
# The emoji of a subdivision's flag is this character followed by the subdivision's code in tags, which are invisible in all other places.
BLACK_FLAG = "\U0001f3f4"
TAGS = range(0xE0020, 0xE0080)


def visible(text: str) -> str:
    """Return the text without control, direction and other invisible characters, in NFC, with single spaces for white space of any kind."""
    normal = unicodedata.normalize("NFC", text)
    characters: list[str] = []
    is_flag = False
    for character in normal:
        is_flag = character == BLACK_FLAG or (is_flag and ord(character) in TAGS)
        characters.append(character if is_flag else _escaped(character))
    return " ".join("".join(characters).split())


def is_blank(text: str) -> bool:
    """Return whether nothing of a text is visible: it consists of joiners and spaces."""
    return not text.strip(JOINERS + " ")


def _escaped(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zl", "Zp") or (category == "Cc" and character.isspace()):
        return " "
    if category == "Cf":
        return character if character in JOINERS or character in DRAWN else ""
    if category == "Cn":
        return "" if _is_never_a_character(ord(character)) else character
    return "" if category in ("Cc", "Cs", "Co") else character


def _is_never_a_character(point: int) -> bool:
    """Return whether a code point is a noncharacter, or reserved by Unicode for future invisible characters."""
    return 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE or point >= 0xE0000 or 0xFFF0 <= point <= 0xFFF8 or point == 0x2065
