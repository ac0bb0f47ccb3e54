"""Letters as HTML for mail programs: tables and styles in attributes, no scripts, no pictures from elsewhere. Everything that is filled in is escaped."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from string import Template

from babel import Locale, UnknownLocaleError

from mail.brand import LOGO_ID, Brand
from mail.markup import TextBlock, label_and_value

FONTS = "-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans Arabic',Helvetica,Arial,sans-serif"
NUMBERED = re.compile(r"\d+\. ")
URLS = ("link", "help")
LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class HtmlLetter:
    """What a letter as HTML consists of: its subject, its blocks, the words to fill in, and the language of the text."""

    subject: str
    blocks: Sequence[TextBlock]
    words: Mapping[str, str]
    language: str
    brand: Brand


def html_of(letter: HtmlLetter) -> str:
    """Return the whole document. No line of it is long."""
    *body, foot = letter.blocks
    direction, start = ("rtl", "right") if _is_rtl(letter.language) else ("ltr", "left")
    content = [text for block in body if (text := _block(block, letter, start))]
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{escape(letter.language)}" dir="{direction}">',
            '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
            '<meta name="color-scheme" content="light">',
            f"<title>{escape(letter.subject)}</title></head>",
            f'<body style="margin:0;padding:0;background:#f3f4f6;color:#1a1a1a;font-family:{FONTS}">',
            '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px 12px">',
            f'<table role="presentation" width="100%" cellpadding="0" cellspacing="0" dir="{direction}"',
            f' style="max-width:600px;background:#ffffff;border-radius:8px;text-align:{start};font-size:16px;line-height:1.5">',
            _head(letter),
            f'<tr><td style="padding:20px 32px 8px"><h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">{_bdi(letter.subject)}</h1>',
            *content,
            "</td></tr>",
            '<tr><td style="padding:16px 32px 24px;border-top:1px solid #e5e7eb;font-size:13px;color:#4b5563">',
            _paragraph(foot, letter),
            "</td></tr></table></td></tr></table></body></html>",
            "",
        ]
    )


def _head(letter: HtmlLetter) -> str:
    brand, name = letter.brand, escape(letter.words["portal"])
    if brand.has_logo:
        image = f'<img src="cid:{LOGO_ID}" alt="{name}" height="40" style="display:block;height:40px;border:0">'
        return f'<tr><td style="padding:24px 32px 16px;border-top:6px solid {brand.accent};border-radius:8px 8px 0 0">{image}</td></tr>'
    style = f"padding:18px 32px;background:{brand.accent};color:{brand.on_accent};border-radius:8px 8px 0 0;font-size:18px;font-weight:600"
    return f'<tr><td bgcolor="{brand.accent}" style="{style}"><bdi>{name}</bdi></td></tr>'


def _block(block: TextBlock, letter: HtmlLetter, start: str) -> str:
    if block.kind == "rows":
        return _rows(block, letter, start)
    if block.kind == "button":
        return _button(block, letter)
    text = _paragraph(block, letter)
    return f'<p style="margin:0 0 16px">{text}</p>' if text else ""


def _rows(block: TextBlock, letter: HtmlLetter, start: str) -> str:
    rows = [(label, Template(value).substitute(letter.words)) for label, value in map(label_and_value, block.lines)]
    cell = "padding:8px 0;border-bottom:1px solid #e5e7eb;vertical-align:top"
    cells = [
        f'<tr><th scope="row" style="{cell};font-weight:400;color:#4b5563;text-align:{start};width:45%">{escape(label)}</th>\n'
        f'<td style="{cell};font-weight:600;text-align:{start};word-break:break-word">{_bdi(value)}</td></tr>'
        for label, value in rows
        if value
    ]
    return "\n".join(['<table width="100%" cellpadding="0" cellspacing="0" style="margin:0 0 20px">', *cells, "</table>"]) if cells else ""


def _button(block: TextBlock, letter: HtmlLetter) -> str:
    label, value = label_and_value(block.lines[0])
    url, brand = Template(value).substitute(letter.words), letter.brand
    style = f"display:inline-block;padding:12px 20px;background:{brand.accent};color:{brand.on_accent};border:1px solid {brand.edge}"
    return (
        f'<p style="margin:0 0 20px"><a href="{escape(url)}"\n style="{style};border-radius:6px;text-decoration:none;font-weight:600">{escape(label)}</a></p>'
    )


def _paragraph(block: TextBlock, letter: HtmlLetter) -> str:
    """Return the lines as one text. A URL, a numbered line and what follows a URL begin a new line."""
    words = {name: _url(value, letter.brand) if name in URLS else _bdi(value) for name, value in letter.words.items()}
    text = ""
    for line in block.lines:
        is_apart = line.strip() in ("$link", "$help", "$code") or NUMBERED.match(line) or text.endswith("</a>")
        filled = Template(escape(line.strip(), quote=False)).substitute(words)
        text += ("<br>\n" if is_apart else "\n" if text else "") + filled if text else filled
    return "" if not re.sub(r"<[^>]*>", "", text).strip() else text


def _url(value: str, brand: Brand) -> str:
    if not LINK.fullmatch(value):
        return _bdi(value)
    return f'<a href="{escape(value)}" style="color:{brand.link};word-break:break-all">{escape(value)}</a>'


def _bdi(value: str) -> str:
    """Return a text whose direction does not change that of the text around it."""
    return f"<bdi>{escape(value)}</bdi>"


def _is_rtl(language: str) -> bool:
    try:
        return Locale.parse(language.replace("-", "_")).text_direction == "rtl"
    except (UnknownLocaleError, ValueError):
        return False
