"""The merchant in letters: the name, the colour, the logo, and which letters are switched off, from the settings."""

import logging
from pathlib import Path

from gateway.wiring.configuration.settings import Settings
from gateway.wiring.issuer import seal_of_portal
from mail.brand import Brand, LetterLogo, LogoImage
from mail.letters import Letter
from resolvers.context import Letterhead

logger = logging.getLogger("portico.mail")

PICTURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg"}


def letterhead(settings: Settings) -> Letterhead:
    """Return the letterhead of letters without a request. Without a setting, the portal's URL is the address the server listens on."""
    url = settings.portal_url or f"http://{settings.host}:{settings.port}"
    return Letterhead(settings.merchant, url.rstrip("/"), seal_of_portal(settings), brand(settings), switched_off(settings))


def switched_off(settings: Settings) -> frozenset[Letter]:
    return frozenset(map(Letter, settings.letters_off))


def brand(settings: Settings) -> Brand:
    return Brand(settings.merchant_accent.lower(), settings.merchant_logo is not None)


def logo_of(path: Path | None) -> LetterLogo | None:
    """Return the merchant's logo, which is read with the first letter."""
    return LetterLogo(lambda: _read(path)) if path else None


def _read(path: Path) -> LogoImage | None:
    """Return the picture. Mail programs do not show SVG, so it is drawn as PNG. A logo that cannot be read is left out, and the mail program shows the merchant's name."""
    try:
        content = path.read_bytes()
        subtype = next((name for start, name in PICTURES.items() if content.startswith(start)), None)
        return LogoImage(content, subtype) if subtype else LogoImage(_drawn(content), "png")
    except Exception as error:  # whatever is wrong with the file, the letters are sent
        logger.error("PORTICO_MERCHANT_LOGO cannot be shown in letters: %s", type(error).__name__)
        return None


def _drawn(svg: bytes) -> bytes:
    """Return an SVG as PNG, twice as high as letters show it. The printer of PDFs is imported only here."""
    from pdf.printing import png_of_svg

    return png_of_svg(svg, height=80)
