"""The state of an invoice's collection as a sentence for its customer. Languages that are not listed get English."""

from datetime import date

from babel import Locale
from babel.dates import format_skeleton

from billing.money.money import known_locale
from billing.states import Collection, InvoiceStatus

PROCESSING = "PROCESSING"
PROMISED = "PROMISED"

WORDS: dict[str, dict[str, str]] = {
    "en": {
        Collection.DUE: "It will be charged shortly.",
        Collection.RETRYING: "We will try again on {day}.",
        Collection.WAITING_FOR_METHOD: "Add a payment method.",
        Collection.GIVEN_UP: "It is no longer charged automatically. Please pay it.",
        PROCESSING: "A payment is in progress.",
        PROMISED: "Please pay it by {day}, as agreed.",
    },
    "de": {
        Collection.DUE: "Der Betrag wird in Kürze eingezogen.",
        Collection.RETRYING: "Wir versuchen es am {day} erneut.",
        Collection.WAITING_FOR_METHOD: "Fügen Sie eine Zahlungsart hinzu.",
        Collection.GIVEN_UP: "Der Betrag wird nicht mehr automatisch eingezogen. Bitte zahlen Sie ihn.",
        PROCESSING: "Eine Zahlung ist in Bearbeitung.",
        PROMISED: "Bitte zahlen Sie wie vereinbart bis zum {day}.",
    },
    "fr": {
        Collection.DUE: "Le montant sera prélevé sous peu.",
        Collection.RETRYING: "Nous réessaierons le {day}.",
        Collection.WAITING_FOR_METHOD: "Ajoutez un moyen de paiement.",
        Collection.GIVEN_UP: "Le montant n'est plus prélevé automatiquement. Merci de le régler.",
        PROCESSING: "Un paiement est en cours.",
        PROMISED: "Merci de le régler d'ici le {day}, comme convenu.",
    },
    "es": {
        Collection.DUE: "El importe se cobrará en breve.",
        Collection.RETRYING: "Lo intentaremos de nuevo el {day}.",
        Collection.WAITING_FOR_METHOD: "Añada un método de pago.",
        Collection.GIVEN_UP: "El importe ya no se cobra automáticamente. Páguelo, por favor.",
        PROCESSING: "Hay un pago en curso.",
        PROMISED: "Páguelo a más tardar el {day}, según lo acordado.",
    },
    "ar": {
        Collection.DUE: "سيُحصَّل المبلغ قريبًا.",
        Collection.RETRYING: "سنحاول مرة أخرى في {day}.",
        Collection.WAITING_FOR_METHOD: "أضف طريقة دفع.",
        Collection.GIVEN_UP: "لم يعد المبلغ يُحصَّل تلقائيًا. يرجى دفعه.",
        PROCESSING: "هناك دفعة قيد التنفيذ.",
        PROMISED: "يرجى الدفع حتى {day} كما هو متفق عليه.",
    },
}
FALLBACK = "en"


def message(
    state: str,
    next_attempt_on: date | str | None,
    status: str,
    awaited_on: date | str | None = None,
    *,
    locale: str | None = None,
    customer_locale: str | None = None,
) -> str | None:
    """Return one sentence in `locale` or else the customer's; None if nothing is collected. A day may be ISO 8601 text; it is written without its year.

    `awaited_on` is the day until which the customer has promised to pay.
    """
    if state == Collection.NONE and not awaited_on:
        return None
    wanted = known_locale(locale or customer_locale or FALLBACK)
    reader = wanted if wanted.language in WORDS else known_locale(FALLBACK)
    words = WORDS[reader.language]
    if status == InvoiceStatus.PROCESSING:
        return words[PROCESSING]
    if awaited_on:
        return words[PROMISED].format(day=_day(awaited_on, reader))
    if state == Collection.RETRYING and next_attempt_on is None:
        return words[Collection.DUE]
    return words[state].format(day=_day(next_attempt_on, reader) if next_attempt_on else "")


def _day(day: date | str, reader: Locale) -> str:
    return format_skeleton("MMMMd", date.fromisoformat(str(day)), locale=reader)
