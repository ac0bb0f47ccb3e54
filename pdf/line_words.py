"""Portico's own texts on lines of papers and on entries of the balance, in the languages of the fixed words. Other languages get English."""

from billing.money.wording import ENGLISH, WordingKind

# By the language of the fixed words; the API returns the English ones.
SENTENCES: dict[str, dict[WordingKind, str]] = {
    "en": ENGLISH,
    "de": {
        WordingKind.REMAINING_TIME: "Restlaufzeit {}",
        WordingKind.UNUSED_TIME: "Nicht genutzte Zeit {}",
        WordingKind.REFUND: "Erstattung zu Rechnung {}",
    },
    "fr": {
        WordingKind.REMAINING_TIME: "Période restante : {}",
        WordingKind.UNUSED_TIME: "Période non utilisée : {}",
        WordingKind.REFUND: "Remboursement de la facture {}",
    },
    "es": {
        WordingKind.REMAINING_TIME: "Tiempo restante de {}",
        WordingKind.UNUSED_TIME: "Tiempo no utilizado de {}",
        WordingKind.REFUND: "Reembolso de la factura {}",
    },
    "ar": {
        WordingKind.REMAINING_TIME: "المدة المتبقية من {}",
        WordingKind.UNUSED_TIME: "المدة غير المستخدمة من {}",
        WordingKind.REFUND: "استرداد للفاتورة {}",
    },
    "ja": {
        WordingKind.REMAINING_TIME: "{}の残り期間",
        WordingKind.UNUSED_TIME: "{}の未使用期間",
        WordingKind.REFUND: "請求書{}の返金",
    },
    "pt": {
        WordingKind.REMAINING_TIME: "Tempo restante de {}",
        WordingKind.UNUSED_TIME: "Tempo não utilizado de {}",
        WordingKind.REFUND: "Reembolso da fatura {}",
    },
}

# Portico's own texts on entries of the balance, which are on statements, by the English text and the language.
ENTRIES: dict[str, dict[str, str]] = {
    "Credit of a refunded installment": {
        "de": "Guthaben einer erstatteten Rate",
        "fr": "Crédit d'une échéance remboursée",
        "es": "Saldo de una cuota reembolsada",
        "ar": "رصيد قسط مسترد",
        "ja": "返金された分割払いの残高",
        "pt": "Crédito de uma parcela reembolsada",
    },
    "Paid back, and not owed again": {
        "de": "Zurückgezahlt und nicht wieder geschuldet",
        "fr": "Remboursé, et non dû à nouveau",
        "es": "Devuelto, y no adeudado de nuevo",
        "ar": "أعيد ولا يُستحق من جديد",
        "ja": "返金済み・再請求なし",
        "pt": "Devolvido, e não devido novamente",
    },
    "Adjustment by support": {
        "de": "Anpassung durch den Support",
        "fr": "Ajustement par le support",
        "es": "Ajuste de soporte",
        "ar": "تسوية من الدعم",
        "ja": "サポートによる調整",
        "pt": "Ajuste pelo suporte",
    },
    "Charged to the account": {
        "de": "Dem Konto belastet",
        "fr": "Porté au compte",
        "es": "Cargado a la cuenta",
        "ar": "محمّل على الحساب",
        "ja": "アカウントへの請求",
        "pt": "Cobrado na conta",
    },
    "Credit paid out": {
        "de": "Guthaben ausgezahlt",
        "fr": "Crédit versé",
        "es": "Saldo pagado",
        "ar": "رصيد مدفوع",
        "ja": "残高の払い出し",
        "pt": "Crédito pago",
    },
}


def described(description: str, kind: str | None, subject: str | None, language: str) -> str:
    """Return a line's description: the merchant's text unchanged, Portico's own in the given language."""
    if kind is None or subject is None:
        return description
    return SENTENCES.get(language, ENGLISH)[WordingKind(kind)].format(subject)


def entry_text(description: str, language: str) -> str:
    return ENTRIES.get(description, {}).get(language, description)
