"""The named customers of the demo. Each is an example of certain cases; Ada has the most."""

from dataclasses import dataclass

from demo.records.catalogue import constant_id


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    id: str
    email: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where a customer lives and how they pay tax."""

    time_zone: str
    locale: str
    currency: str
    tax_rate_ppm: int
    months_ago: int


def _persona(first: str, name: str, about: str) -> DemoCustomer:
    email = f"{first}@example.com"
    return DemoCustomer(constant_id("cus", email), email, name, about)


PERSONAS: tuple[DemoCustomer, ...] = (
    _persona("ada", "Ada Lovelace", "A bit of everything: nine subscriptions, a running payment schedule, an overdue invoice, credit, two years of payments."),
    _persona("kenji", "Kenji Tanaka (田中 健二)", "Pays in yen: a pending change of plan, one invoice for a whole schedule, a card that was replaced."),
    _persona("fatima", "Fatima Al-Sabah (فاطمة الصباح)", "Pays in dinars with three decimals: declined renewals led to a suspension by dunning."),
    _persona("greta", "Greta Müller", "Pays in euros by SEPA: an upgrade billed now, refunds, and every kind of entry on her balance."),
    _persona("kai", "Kai Kealoha", "Lives in Honolulu: invoices due around today, a payment that requires confirmation, a pending pause."),
    _persona("aroha", "Aroha Ngata", "Lives in Auckland, where the day begins first: a suspension of her own, anchors on the 31st, a wallet."),
    _persona("olga", "Olga Nowak", "Pays late: overdue and partly paid invoices, a failed installment, a suspension by the merchant."),
    _persona("sam", "Sam Okafor", "Has left: canceled subscriptions with every reason, schedules that finished or were canceled."),
    _persona("tina", "Tina Rossi", "Has just come: a trial, a subscription that starts next month, a coupon, files that are not checked yet."),
    _persona("big", "Bigg Corp", "Large: 500 subscriptions and 5,000 payments."),
    _persona("empty", "Emma Pty", "Nothing at all."),
)

HOMES: dict[str, Home] = {
    "ada@example.com": Home("Europe/London", "en-GB", "USD", 200_000, 28),
    "kenji@example.com": Home("Asia/Tokyo", "ja", "JPY", 100_000, 22),
    "fatima@example.com": Home("Asia/Kuwait", "ar", "KWD", 0, 14),
    "greta@example.com": Home("Europe/Berlin", "de", "EUR", 190_000, 30),
    "kai@example.com": Home("Pacific/Honolulu", "pt-BR", "USD", 45_000, 12),
    "aroha@example.com": Home("Pacific/Auckland", "en-NZ", "USD", 150_000, 18),
    "olga@example.com": Home("Europe/Warsaw", "fr", "EUR", 230_000, 16),
    "sam@example.com": Home("Africa/Lagos", "en", "USD", 75_000, 36),
    "tina@example.com": Home("Europe/Rome", "es", "EUR", 220_000, 1),
    "big@example.com": Home("America/New_York", "en-US", "USD", 88_750, 24),
    "empty@example.com": Home("UTC", "en", "USD", 0, 3),
}
