"""The fonts of papers: ours, those of a package for Chinese, Japanese and Korean, the operator's, and last the fonts of the operating system."""

from collections.abc import Sequence
from pathlib import Path

import noto_cjk_sans_otc
import typst

FONTS = Path(__file__).parent / "fonts"
CJK = Path(noto_cjk_sans_otc.__file__).parent
TEXT = ("Inter", "Noto Sans")
# After the fonts of letters: a digit or a © that another font has is not taken from a font of symbols.
SIGNS = ("Noto Sans Math", "Noto Sans Symbols", "Noto Sans Symbols2", "Noto Emoji")


def fonts_in(folders: Sequence[Path]) -> typst.Fonts:
    """Return our fonts, those in these folders and those of the operating system."""
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=[*folders, FONTS, CJK])


def families_in(folders: Sequence[Path]) -> tuple[str, ...]:
    """Return the names of the font families in the order in which they are searched for a letter. Typst searches the fonts of the operating system last."""
    theirs, ours = (_names(each) for each in (folders, [FONTS]))
    scripts = [name for name in ours if name not in (*TEXT, *SIGNS)]
    return (TEXT[0], *(name for name in theirs if name not in ours), *TEXT[1:], *scripts, *SIGNS)


def ordered(families: Sequence[str], han: str) -> list[str]:
    """Return the families with the family of Han letters for a region: JP, KR, SC, TC or HK."""
    return [*families[: -len(SIGNS)], f"Noto Sans CJK {han}", *SIGNS]


def _names(folders: Sequence[Path]) -> list[str]:
    if not folders:
        return []
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[*folders]).families()
