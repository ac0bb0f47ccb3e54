"""The file name in the `Content-Disposition` of a part. Clients encode names in five ways; the rule for each is in decision 0057.

https://www.rfc-editor.org/rfc/rfc7578#section-4.2, https://www.rfc-editor.org/rfc/rfc8187, https://html.spec.whatwg.org/#multipart-form-data
"""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import unquote_to_bytes

# Browsers escape these three characters inside quoted names.
ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}
# A parameter: its name, and its value, either in quotes, where a backslash escapes a quote, or without quotes.
PARAMETER = re.compile(rb';[ \t]*([^\s=;"]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
EXTENDED = re.compile(r"([A-Za-z0-9!#$%&+^_`{}~-]*)'[A-Za-z0-9-]*'(.*)", re.DOTALL)
# RFC 8187 requires UTF-8; older programs send Latin-1.
CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "": "utf-8", "us-ascii": "utf-8", "iso-8859-1": "cp1252", "latin1": "cp1252", "windows-1252": "cp1252"}
# A name in which a function such as `quote` or `encodeURIComponent` escaped all other characters.
ESCAPED = re.compile(r"(?:[A-Za-z0-9_.!~*'()-]|%[0-9A-Fa-f]{2})*")
# Characters that no such function escapes.
UNESCAPED = re.compile(r"%(?:3[0-9]|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A]|2D|2E|5F|7E)", re.IGNORECASE)
ENCODED_WORDS = re.compile(r"(?:=\?[A-Za-z0-9_-]+\?[BbQq]\?[^?\s]*\?=\s*)+")


def parameters_of(header: bytes) -> tuple[str, dict[str, bytes]]:
    """Return the disposition type and the parameters by their lower-case names. Of several parameters with one name, the first counts."""
    kind, _, _ = header.partition(b";")
    parameters: dict[str, bytes] = {}
    for name, quoted, plain in PARAMETER.findall(header[len(kind) :]):
        parameters.setdefault(name.decode("latin-1").lower(), re.sub(rb'\\(["\\])', rb"\1", quoted) or plain.strip().strip(b'"'))
    return kind.strip().decode("latin-1").lower(), parameters


def text_of(value: bytes) -> str:
    """Return the name of a field, decoded as browsers encode it."""
    return _unescaped(_decoded(value))


def file_name_of(parameters: dict[str, bytes]) -> str | None:
    """Return the value of `filename*` if it can be decoded, else that of `filename`. None for a part that has neither: it is a field."""
    extended, plain = parameters.get("filename*"), parameters.get("filename")
    if extended is not None and (name := _extended(_decoded(extended))) is not None:
        return name
    if plain is not None:
        return _unencoded(_decoded(plain))
    return None if extended is None else _unencoded(_decoded(extended))


def _extended(value: str) -> str | None:
    """Return the value of an extended parameter; None if it cannot be decoded."""
    match = EXTENDED.fullmatch(value)
    charset = CHARSETS.get(match[1].lower()) if match else None
    if match is None or charset is None:
        return None
    try:
        return unquote_to_bytes(match[2]).decode(charset)
    except UnicodeDecodeError:
        return None


def _unencoded(value: str) -> str:
    """Decode a file name: MIME encoded words, percent encoding of the whole name, or the three escapes of browsers."""
    if ENCODED_WORDS.fullmatch(value):
        try:
            return str(make_header(decode_header(value)))
        except (HeaderParseError, LookupError, ValueError):
            return value
    if "%" in value and ESCAPED.fullmatch(value) and not UNESCAPED.search(value):
        try:
            return unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            return value
    return _unescaped(value)


def _unescaped(text: str) -> str:
    for escape, character in ESCAPES.items():
        text = text.replace(escape, character)
    return text


def _decoded(value: bytes) -> str:
    """Decode UTF-8, or else Windows-1252, the older encoding of Western European systems."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")
