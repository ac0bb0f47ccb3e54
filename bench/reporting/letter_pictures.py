"""Draw the pictures of docs/letters.md with a headless Chromium: `python -m bench.reporting.letter_pictures docs/letters`."""

import os
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops

from mail.letters import OPTIONAL, Letter

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--no-first-run",
    "--force-device-scale-factor=1",
]
TALL = 1600
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" width="220" height="48"><circle cx="24" cy="24" r="22" fill="#2e6b3a"/>
<path d="M24 38 C10 30 12 14 24 8 C36 14 38 30 24 38 Z" fill="#fff"/><text x="58" y="33" font-family="Inter" font-size="26" fill="#2e6b3a">Acme Gardens</text></svg>"""
# English has every letter, with the merchant's name; the other languages show the logo.
DRAWN = {"en": OPTIONAL, "de": (Letter.INVOICE_ISSUED, Letter.PAYMENT_FAILED), "ar": (Letter.INVOICE_ISSUED, Letter.CREDIT_NOTE)}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        drafts = Path(name)
        (drafts / "logo.svg").write_text(LOGO, "utf-8")
        for language, letters in DRAWN.items():
            brand = {"PORTICO_MERCHANT": "Acme Gardens", "PORTICO_MERCHANT_ACCENT": "#2e6b3a"}
            brand |= {} if language == "en" else {"PORTICO_MERCHANT_LOGO": str(drafts / "logo.svg")}
            command = [sys.executable, "-m", "gateway", "letters", str(drafts), "--language", language]
            subprocess.run(command, check=True, env=os.environ | brand)
            for letter in letters:
                draw(drafts / f"{letter}.{language}.html", folder / f"{letter.replace('_', '-')}-{language}.png", drafts / "profile")


def draw(page: Path, picture: Path, profile: Path) -> None:
    """Draw a page 640 pixels wide, without the empty space below it."""
    drawn = page.with_suffix(".png")
    command = ["chromium", *FLAGS, f"--user-data-dir={profile}", f"--window-size=640,{TALL}", f"--screenshot={drawn}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    image = Image.open(BytesIO(drawn.read_bytes())).convert("RGB")
    box = ImageChops.difference(image, Image.new("RGB", image.size, image.getpixel((1, TALL - 1)))).getbbox()
    image.crop((0, 0, image.width, min((box or (0, 0, 0, TALL))[3] + 24, TALL))).quantize(64).save(picture, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
