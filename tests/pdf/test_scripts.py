"""Names in every script in use are printed without an empty box, and can be searched and copied; what no font has is named and breaks no standard."""

import json
import logging
import unicodedata
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from pdf.invoice import invoice_paper
from pdf.layout import Merchant, Paper, Recipient, RenderedPdf, with_breaks
from pdf.printing import MAX_REPLACED, TypstCompiler
from pdf.renderer import MAX_THREAD_ROWS, PdfRenderer
from pdf.typefaces import FONTS, families_in
from tests.pdf.samples import ACME, ADA, copied, invoice, lines, opened

# The scripts that names are written in today (recommended and of limited use, UAX 31), as the names of their letters begin, and what one may be called there.
NAMES = {
    "LATIN": "Zoë Đặng Ngọc Łukasz Ħęŋ Ǆ",
    "GREEK": "Ελένη Παπαδοπούλου",
    "CYRILLIC": "Ольга Щукина Їжакевич Ұлжан",
    "ARMENIAN": "Արամ Խաչատրյան",
    "HEBREW": "דוד לוי",
    "ARABIC": "فاطمة الصباح",
    "SYRIAC": "ܐܦܪܝܡ",
    "THAANA": "ދިވެހި",
    "NKO": "ߒߞߏ",
    "DEVANAGARI": "कृष्ण शर्मा",
    "BENGALI": "রবীন্দ্রনাথ ঠাকুর",
    "GURMUKHI": "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "GUJARATI": "નરેન્દ્ર પટેલ",
    "ORIYA": "ଜଗନ୍ନାଥ",
    "TAMIL": "தமிழ்ச்செல்வி",
    "TELUGU": "వెంకటేశ్వర్లు",
    "KANNADA": "ಕೃಷ್ಣಮೂರ್ತಿ",
    "MALAYALAM": "കൃഷ്ണൻ",
    "SINHALA": "සුනිල් පෙරේරා",
    "THAI": "สมชาย ใจดี",
    "LAO": "ສົມສັກ",
    "TIBETAN": "བསྟན་འཛིན",
    "MYANMAR": "အောင်ဆန်း",
    "GEORGIAN": "გიორგი ბერიძე",
    "HANGUL": "김철수",
    "ETHIOPIC": "አበበ በቀለ",
    "CHEROKEE": "ᏣᎳᎩ",
    "CANADIAN": "ᐃᓄᒃᑎᑐᑦ",
    "KHMER": "សុខ សំណាង",
    "MONGOLIAN": "ᠮᠣᠩᠭᠣᠯ",
    "LIMBU": "",
    "TAI LE": "",
    "NEW TAI LUE": "",
    "TAI THAM": "",
    "BALINESE": "",
    "SUNDANESE": "",
    "BATAK": "",
    "LEPCHA": "",
    "OL CHIKI": "",
    "TIFINAGH": "ⵜⵉⴼⵉⵏⴰⵖ",
    "HIRAGANA": "さくら",
    "KATAKANA": "ケンジ",
    "BOPOMOFO": "ㄅㄆㄇㄈ",
    "CJK": "田中 健二 王小明 陳大文 𠮷田 髙橋",
    "YI": "",
    "LISU": "",
    "VAI": "",
    "BAMUM": "",
    "SYLOTI": "",
    "SAURASHTRA": "",
    "KAYAH": "",
    "JAVANESE": "",
    "CHAM": "",
    "TAI VIET": "",
    "MEETEI": "",
    "MANDAIC": "",
    "OSAGE": "",
    "MIAO": "",
    "CHAKMA": "",
    "NEWA": "",
    "HANIFI": "",
    "NYIAKENG": "",
    "WANCHO": "",
    "ADLAM": "",
}


# PDFium gives vowel signs of the first two twice, and takes the others for scripts that run from left to right.
ONLY_LETTERS = {"THAANA", "KHMER", "HANIFI", "ADLAM"}


@pytest.fixture(scope="module")
def printer() -> TypstCompiler:
    return TypstCompiler([])


def paper_of(name: str, locale: str = "en") -> Paper:
    rows = [replace(lines(1)[0], description=name)]
    return invoice_paper(invoice(rows), rows, [], merchant=ACME, reader=Recipient(name, "a@example.com", locale, "UTC"))


def empty_boxes(pdf: bytes) -> int:
    """How often glyph 0 (.notdef), which is an empty box, stands in the text of fonts with two bytes for a glyph."""
    count = 0
    with pikepdf.open(BytesIO(pdf)) as document:
        for page in document.pages:
            for operands, operator in pikepdf.parse_content_stream(page):
                if str(operator) in ("Tj", "TJ"):
                    values = operands[0] if str(operator) == "TJ" else operands
                    texts = [bytes(value) for value in values if isinstance(value, pikepdf.String)]
                    count += sum(text[place : place + 2] == b"\0\0" for text in texts for place in range(0, len(text), 2))
    return count


def squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


@pytest.fixture(scope="module")
def alphabets() -> dict[str, str]:
    """The first letters of each script, found in one walk through Unicode."""
    old: dict[str, str] = dict.fromkeys(NAMES, "")
    new = dict(old)
    for letter in map(chr, range(0x41, 0x1F000)):
        if unicodedata.category(letter) not in ("Lo", "Lu", "Ll") or unicodedata.decomposition(letter):
            continue
        # What was added to an old script later is for scholars, and not yet in every font.
        is_old = bool(unicodedata.ucd_3_2_0.name(letter, ""))
        words = unicodedata.name(letter, "").split(" ")
        for script in (" ".join(words[:count]) for count in (1, 2, 3)):
            begun = old if is_old else new
            if len(begun.get(script, "x" * 12)) < 12:
                begun[script] += letter
    return {script: old[script] or new[script] for script in NAMES}


@pytest.mark.parametrize("script", NAMES)
def test_a_name_of_every_script_is_printed_and_can_be_read_back(printer: TypstCompiler, alphabets: dict[str, str], script: str) -> None:
    assert len(alphabets[script]) >= 3
    for name in filter(None, (NAMES[script], " ".join(alphabets[script]))):
        printed = printer.printed(paper_of(name))
        assert printed == RenderedPdf(printed.pdf), f"{[f'U+{ord(letter):04X}' for letter in ''.join(printed.replaced)]} of {script}"
        assert empty_boxes(printed.pdf) == 0
        text = squeezed(copied(printed.pdf))
        if script in ONLY_LETTERS:
            assert set(squeezed(name)) <= set(text)
        else:
            assert squeezed(name) in text


def test_an_empty_box_would_be_seen(printer: TypstCompiler) -> None:
    """The control of the test above: a private letter, printed as Typst prints it where no standard is asked for."""
    made = paper_of("a\U00013000b")
    inputs = {"paper": json.dumps(made.content()), "fonts": '["Inter"]', "einvoice": ""}
    assert empty_boxes(printer._compiled("invoice", inputs, made.made_at, standards=[])) == 2


@pytest.mark.parametrize("locale", ["ja-JP", "ko-KR", "zh-CN", "zh-TW", "zh-HK", "en-GB"])
def test_han_letters_are_written_as_the_readers_region_writes_them(printer: TypstCompiler, locale: str) -> None:
    region = {"ja-JP": "JP", "ko-KR": "KR", "zh-TW": "TC", "zh-HK": "HK"}.get(locale, "SC")
    assert paper_of("直骨", locale).content()["han"] == region
    fonts = {str(font["/BaseFont"]) for page in opened(printer.printed(paper_of("直骨", locale)).pdf).pages for font in page["/Resources"]["/Font"].values()}
    assert any(f"NotoSansCJK{region.lower()}" in font.replace("-", "") for font in fonts), fonts


def test_every_sign_of_a_currency_is_printed_unless_it_is_newer_than_the_fonts(printer: TypstCompiler) -> None:
    signs = [chr(code) for code in range(0x20, 0x1FFFF) if unicodedata.category(chr(code)) == "Sc"]
    assert len(signs) > 50
    printed = printer.printed(paper_of(" ".join(signs)))
    assert printed.is_conforming
    assert {f"U+{ord(sign):04X}" for sign in printed.replaced} <= {"U+20C0", "U+1E2FF", "U+11FDD", "U+11FDE", "U+11FDF", "U+11FE0", "U+1ECB0"}


@pytest.mark.parametrize(("locale", "amount"), [("ja-JP", "¥11,900"), ("zh-CN", "JP¥11,900"), ("ko-KR", "JP¥11,900")])
def test_the_yen_has_the_sign_that_people_search_for(printer: TypstCompiler, locale: str, amount: str) -> None:
    rows = lines(1, "JPY")
    printed = printer.printed(invoice_paper(invoice(rows), rows, [], merchant=ACME, reader=replace(ADA, locale=locale)))
    assert printed == RenderedPdf(printed.pdf)
    assert amount in opened(printed.pdf).pages[0].extract_text().replace("\xa0", " ")


@pytest.mark.parametrize("name", ["علی‌رضا", "👩‍💻", "👨‍👩‍👧‍👦 Ruiz", "O\u2019Neill\u00ad", "a\u200bb", "\u2068x\u2069"])
def test_joiners_and_what_cannot_be_seen_break_nothing(printer: TypstCompiler, name: str) -> None:
    printed = printer.printed(paper_of(name))
    assert printed == RenderedPdf(printed.pdf)
    assert empty_boxes(printed.pdf) == 0


@pytest.mark.parametrize("letter", ["\x00", "\ue000", "\U00013000", "\U0010ffff", "\ufffe", '\U000f0000"', "\\\ue001"])
async def test_a_letter_that_no_font_has_is_replaced_and_logged_and_the_paper_keeps_its_standards(letter: str, caplog: pytest.LogCaptureFixture) -> None:
    press = PdfRenderer(at_once=1)
    with caplog.at_level(logging.WARNING, "portico.papers"):
        pdf = await press.print(paper_of(f"Ada {letter} Lovelace"))
    assert empty_boxes(pdf) == 0
    assert b"pdfuaid:part" in opened(pdf).root_object["/Metadata"].get_data()
    assert "\ufffd" in opened(pdf).pages[0].extract_text()
    (record,) = caplog.records
    odd = next(each for each in letter if each not in '"\\')
    assert (record.paper, record.code_points, record.is_conforming) == ("invoice", [f"U+{ord(odd):04X}"], True)  # type: ignore[attr-defined]
    assert "Ada" not in str(record.__dict__), "a name is not logged"


@pytest.mark.parametrize("rows", [1, MAX_THREAD_ROWS + 1])
async def test_a_paper_of_too_many_such_letters_is_printed_all_the_same_and_the_log_says_what_it_lacks(rows: int, caplog: pytest.LogCaptureFixture) -> None:
    many = "".join(chr(0xE000 + number) for number in range(MAX_REPLACED + 5))
    press = PdfRenderer(at_once=1)
    with caplog.at_level(logging.WARNING, "portico.papers"):
        pdf = await press.print(replace(paper_of(" ".join(many)), rows=rows))
    assert len(opened(pdf).pages) >= 1
    (record,) = caplog.records
    assert not record.is_conforming  # type: ignore[attr-defined]
    assert len(record.code_points) == MAX_REPLACED  # type: ignore[attr-defined]


async def test_a_usual_paper_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    await PdfRenderer(at_once=1).print(paper_of("Ada Lovelace"))
    assert caplog.records == []


def test_fonts_of_the_operator_come_before_ours_for_what_inter_lacks(tmp_path: Path) -> None:
    (tmp_path / "font.ttf").write_bytes((FONTS / "NotoSansThai-Regular.ttf").read_bytes())
    assert "Noto Sans Thai" in families_in([tmp_path])
    assert families_in([tmp_path])[0] == "Inter"


@pytest.mark.parametrize("word", ["x" * 200, "Donaudampfschifffahrtsgesellschaftskapitän", "pay_01m829w97ne1msh76cygrhecz9", "a\u0301" * 40, "👨‍👩‍👧‍👦" * 12])
def test_a_long_word_breaks_between_letters_and_is_copied_whole(printer: TypstCompiler, word: str) -> None:
    pieces = with_breaks(f"short {word} short").split("\u200b")
    assert len(pieces) > 3
    assert "".join(pieces) == f"short {word} short"
    assert not any(unicodedata.category(piece[0]) in ("Mn", "Cf") or piece[-1] == "\u200d" for piece in pieces)
    printed = printer.printed(paper_of(word))
    assert "\u200b" not in opened(printed.pdf).pages[0].extract_text()


@pytest.mark.parametrize("text", ["", "usual words of usual length", "فاطمةفاطمةفاطمةفاطمةفاطمةفاطمة"])
def test_other_words_stay_in_one_piece(text: str) -> None:
    assert with_breaks(text) == text


@pytest.mark.parametrize("merchant", [Merchant("株式会社アクメ", ("東京都千代田区",), footer=("登録番号 T1234567890123",)), Merchant("أكمي", ("الكويت",))])
def test_the_merchant_may_write_in_any_script_too(printer: TypstCompiler, merchant: Merchant) -> None:
    rows = lines(1)
    printed = printer.printed(invoice_paper(invoice(rows), rows, [], merchant=merchant, reader=ADA))
    assert printed == RenderedPdf(printed.pdf)
