"""Portico's own sentences on lines of papers, and the words about taxes and receipts, in the languages of the fixed words. Another language reads English."""

from collections.abc import Mapping

from billing.wording import ENGLISH, Wording, WordingKind

LINE_WORDS: dict[str, dict[str, str]] = {
    "en": {
        **{kind.value: sentence for kind, sentence in ENGLISH.items()},
        "column_net": "Net",
        "column_gross": "Gross",
        "tax_at": "Tax {rate} on {net}",
        "tax_rate": "Rate",
        "exempt_EXEMPT": "Exempt from tax.",
        "exempt_REVERSE_CHARGE": "Reverse charge: the recipient is liable for the tax.",
        "tax_id": "Tax number",
        "taxes_paid": "Tax of the invoices paid",
        "paid_after_refunds": "Paid after refunds",
        "entry_CHARGE": "Charge",
    },
    "de": {
        "REMAINING_TIME": "Restlaufzeit {}",
        "UNUSED_TIME": "Nicht genutzte Zeit {}",
        "REFUND": "Erstattung zu Rechnung {}",
        "column_net": "Netto",
        "column_gross": "Brutto",
        "tax_at": "Steuer {rate} auf {net}",
        "tax_rate": "Satz",
        "exempt_EXEMPT": "Steuerbefreit.",
        "exempt_REVERSE_CHARGE": "Steuerschuldnerschaft des Leistungsempfängers.",
        "tax_id": "Steuernummer",
        "taxes_paid": "Steuer der bezahlten Rechnungen",
        "paid_after_refunds": "Bezahlt nach Erstattungen",
        "entry_CHARGE": "Belastung",
    },
    "fr": {
        "REMAINING_TIME": "Période restante : {}",
        "UNUSED_TIME": "Période non utilisée : {}",
        "REFUND": "Remboursement de la facture {}",
        "column_net": "HT",
        "column_gross": "TTC",
        "tax_at": "Taxe {rate} sur {net}",
        "tax_rate": "Taux",
        "exempt_EXEMPT": "Exonéré de taxe.",
        "exempt_REVERSE_CHARGE": "Autoliquidation.",
        "tax_id": "Numéro fiscal",
        "taxes_paid": "Taxe des factures payées",
        "paid_after_refunds": "Payé après remboursements",
        "entry_CHARGE": "Débit",
    },
    "es": {
        "REMAINING_TIME": "Tiempo restante de {}",
        "UNUSED_TIME": "Tiempo no utilizado de {}",
        "REFUND": "Reembolso de la factura {}",
        "column_net": "Base",
        "column_gross": "Total",
        "tax_at": "Impuesto {rate} sobre {net}",
        "tax_rate": "Tipo",
        "exempt_EXEMPT": "Exento de impuestos.",
        "exempt_REVERSE_CHARGE": "Inversión del sujeto pasivo.",
        "tax_id": "Número fiscal",
        "taxes_paid": "Impuesto de las facturas pagadas",
        "paid_after_refunds": "Pagado tras reembolsos",
        "entry_CHARGE": "Cargo",
    },
    "ar": {
        "REMAINING_TIME": "المدة المتبقية من {}",
        "UNUSED_TIME": "المدة غير المستخدمة من {}",
        "REFUND": "استرداد للفاتورة {}",
        "column_net": "الصافي",
        "column_gross": "شامل الضريبة",
        "tax_at": "ضريبة {rate} على {net}",
        "tax_rate": "النسبة",
        "exempt_EXEMPT": "معفى من الضريبة.",
        "exempt_REVERSE_CHARGE": "احتساب عكسي: المستلم مسؤول عن الضريبة.",
        "tax_id": "الرقم الضريبي",
        "taxes_paid": "ضريبة الفواتير المدفوعة",
        "paid_after_refunds": "المدفوع بعد الاسترداد",
        "entry_CHARGE": "مبلغ مستحق",
    },
    "ja": {
        "REMAINING_TIME": "{}の残り期間",
        "UNUSED_TIME": "{}の未使用期間",
        "REFUND": "請求書{}の返金",
        "column_net": "税抜",
        "column_gross": "税込",
        "tax_at": "税 {rate}・対象額 {net}",
        "tax_rate": "税率",
        "exempt_EXEMPT": "非課税です。",
        "exempt_REVERSE_CHARGE": "リバースチャージ方式。受領者が納税義務者です。",
        "tax_id": "税務番号",
        "taxes_paid": "お支払い済み請求書の税額",
        "paid_after_refunds": "返金後の支払額",
        "entry_CHARGE": "請求",
    },
    "pt": {
        "REMAINING_TIME": "Tempo restante de {}",
        "UNUSED_TIME": "Tempo não utilizado de {}",
        "REFUND": "Reembolso da fatura {}",
        "column_net": "Líquido",
        "column_gross": "Bruto",
        "tax_at": "Imposto {rate} sobre {net}",
        "tax_rate": "Alíquota",
        "exempt_EXEMPT": "Isento de imposto.",
        "exempt_REVERSE_CHARGE": "Autoliquidação: o imposto é devido pelo destinatário.",
        "tax_id": "Número fiscal",
        "taxes_paid": "Imposto das faturas pagas",
        "paid_after_refunds": "Pago após reembolsos",
        "entry_CHARGE": "Débito",
    },
}

# What Portico writes on entries of the balance, which are on statements, by its English text.
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


def line_words(language: str) -> Mapping[str, str]:
    return LINE_WORDS.get(language, LINE_WORDS["en"])


def described(description: str, kind: str | None, subject: str | None, language: str) -> str:
    """A line's description for the reader: the merchant's words as they are, Portico's own in the reader's language."""
    if kind is None or subject is None:
        return description
    return line_words(language)[Wording(WordingKind(kind), subject).kind].format(subject)


def entry_text(description: str, language: str) -> str:
    return ENTRIES.get(description, {}).get(language, description)
