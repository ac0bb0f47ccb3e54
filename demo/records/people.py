"""The regions of generated customers, with names, time zones, currencies and taxes."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Region:
    zones: tuple[str, ...]
    locale: str
    currency: str
    tax_rate_ppm: int
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


def _region(zones: str, locale: str, currency: str, tax_rate_ppm: int, *, first_names: str, last_names: str) -> Region:
    return Region(tuple(zones.split()), locale, currency, tax_rate_ppm, tuple(first_names.split()), tuple(last_names.split()))


REGIONS = (
    _region(
        "America/New_York America/Chicago America/Denver America/Los_Angeles Pacific/Honolulu", "en-US", "USD", 0,
        first_names="James Mary Robert Linda Michael Susan David Karen Daniel Nancy Emily Joshua Grace Tyler",
        last_names="Smith Johnson Williams Brown Davis Miller Wilson Moore Taylor Clark Lewis",
    ),
    _region(
        "Europe/London Europe/Dublin", "en-GB", "USD", 200_000,
        first_names="Oliver Amelia Harry Isla George Ava Noah Freya Arthur Poppy Alfie Maisie",
        last_names="Evans Thomas Roberts Hughes Walker Wright Green Hall Wood Harris Cooper",
    ),
    _region(
        "Europe/Berlin Europe/Vienna", "de", "EUR", 190_000,
        first_names="Lukas Anna Finn Lea Jonas Hannah Paul Marie Felix Clara Max Lena",
        last_names="Schmidt Schneider Fischer Weber Wagner Becker Hoffmann Koch Richter Klein Wolf",
    ),
    _region(
        "Europe/Paris Europe/Brussels", "fr", "EUR", 200_000,
        first_names="Louis Camille Hugo Manon Jules Chloe Arthur Louise Lucas Alice Gabriel Jeanne",
        last_names="Martin Bernard Dubois Durand Leroy Moreau Simon Laurent Michel Garcia Roux",
    ),
    _region(
        "Europe/Madrid Europe/Lisbon Atlantic/Canary", "es", "EUR", 210_000,
        first_names="Mateo Lucia Martin Sofia Pablo Maria Diego Elena Javier Carmen Alvaro Ines",
        last_names="Lopez Sanchez Perez Gomez Ruiz Diaz Moreno Alonso Romero Navarro Torres",
    ),
    _region(
        "Asia/Tokyo", "ja", "JPY", 100_000,
        first_names="Haruto Yui Sota Aoi Ren Hina Yuto Sakura Kaito Mei Riku Rin",
        last_names="Sato Suzuki Takahashi Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Mori",
    ),
    _region(
        "Asia/Kuwait", "ar", "KWD", 0,
        first_names="Ahmad Noura Khalid Dalal Yousef Maryam Omar Sara Nasser Hessa Bader Lulwa",
        last_names="Al-Mutairi Al-Rashidi Al-Enezi Al-Ajmi Al-Kandari Al-Shammari Al-Azmi",
    ),
    _region(
        "Australia/Sydney Pacific/Auckland Asia/Singapore", "en-AU", "USD", 100_000,
        first_names="Jack Charlotte William Olivia Leo Mia Thomas Zoe Ethan Ruby Cooper Matilda",
        last_names="Nguyen Kelly Ryan King Lee Baker Campbell Mitchell Turner Parker Murphy",
    ),
    _region(
        "America/Sao_Paulo America/Bogota Asia/Kolkata", "en", "USD", 180_000,
        first_names="Miguel Helena Arjun Priya Davi Valentina Rohan Ananya Rafael Isabela Vikram Kavya",
        last_names="Silva Santos Oliveira Souza Patel Sharma Singh Gupta Rodriguez Castro Rao",
    ),
)  # fmt: skip
WEIGHTS = (28, 12, 14, 10, 8, 10, 5, 7, 6)


def random_person(random: Random, number: int) -> tuple[Region, str, str]:
    """Return a region, a name and a unique e-mail address."""
    region = random.choices(REGIONS, WEIGHTS)[0]
    first, last = random.choice(region.first_names), random.choice(region.last_names)
    return region, f"{first} {last}", f"{first}.{last}{number}@example.org".lower()
