"""The merchant's colour and logo in letters, and the colours of text that can be read on it (WCAG 2.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

LOGO_ID = "logo"
WHITE, BLACK, GREY = "#ffffff", "#000000", "#6b7280"
# The least contrast of text, and of the edges of buttons.
TEXT_CONTRAST, EDGE_CONTRAST = 4.5, 3.0


@dataclass(frozen=True, slots=True)
class Brand:
    """The merchant's colour as #rrggbb, and whether letters show a logo."""

    accent: str = "#1f4e79"
    has_logo: bool = False

    @property
    def on_accent(self) -> str:
        """Return the colour of text on the accent: white or black, whichever has more contrast."""
        return max((WHITE, BLACK), key=lambda colour: contrast(colour, self.accent))

    @property
    def link(self) -> str:
        """Return the colour of links on white: the accent where it can be read."""
        return self.accent if contrast(self.accent, WHITE) >= TEXT_CONTRAST else BLACK

    @property
    def edge(self) -> str:
        """Return the colour of the edge of a button on white."""
        return self.accent if contrast(self.accent, WHITE) >= EDGE_CONTRAST else GREY


@dataclass(frozen=True, slots=True)
class LogoImage:
    """A picture that mail programs show. `subtype` is png or jpeg."""

    content: bytes
    subtype: str


class LetterLogo:
    """The merchant's logo, which is read when the first letter with it is sent. `read` returns None where it cannot be read."""

    def __init__(self, read: Callable[[], LogoImage | None]) -> None:
        self._read = read

    @cached_property
    def image(self) -> LogoImage | None:
        return self._read()


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
