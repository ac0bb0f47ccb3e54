"""The name of a file in a part's `Content-Disposition`, as the client meant it. Clients write names in five ways; the rule for each is in decision 0057.

https://www.rfc-editor.org/rfc/rfc7578#section-4.2, https://www.rfc-editor.org/rfc/rfc8187, https://html.spec.whatwg.org/#multipart-form-data
"""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import unquote_to_bytes

# Browsers write these three so inside of quoted names.
ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}
# A parameter: its name, and its value in quotes, in which a backslash stands before a quote, or without.
PARAMETER = re.compile(rb';[ \t]*([^\s=;"]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
EXTENDED = re.compile(r"([A-Za-z0-9!#$%&+^_`{}~-]*)'[A-Za-z0-9-]*'(.*)", re.DOTALL)
# RFC 8187 demands the first; the second stands for what older programs send.
CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "": "utf-8", "us-ascii": "utf-8", "iso-8859-1": "cp1252", "latin1": "cp1252", "windows-1252": "cp1252"}
# What is left of a name whose every other character was escaped, by any function of that sort (`quote`, `encodeURIComponent`).
ESCAPED = re.compile(r"(?:[A-Za-z0-9_.!~*'()-]|%[0-9A-Fa-f]{2})*")
# What no such function escapes.
UNESCAPED = re.compile(r"%(?:3[0-9]|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A]|2D|2E|5F|7E)", re.IGNORECASE)
ENCODED_WORDS = re.compile(r"(?:=\?[A-Za-z0-9_-]+\?[BbQq]\?[^?\s]*\?=\s*)+")


def parameters_of(header: bytes) -> tuple[str, dict[str, bytes]]:
    """What the header is, and its parameters by their lower-case names; of several with one name the first."""
    kind, _, _ = header.partition(b";")
    parameters: dict[str, bytes] = {}
    for name, quoted, plain in PARAMETER.findall(header[len(kind) :]):
        parameters.setdefault(name.decode("latin-1").lower(), re.sub(rb'\\(["\\])', rb"\1", quoted) or plain.strip().strip(b'"'))
    return kind.strip().decode("latin-1").lower(), parameters


def text_of(value: bytes) -> str:
    """The name of a field as browsers write it."""
    return _unescaped(_decoded(value))


def file_name_of(parameters: dict[str, bytes]) -> str | None:
    """`filename*` where there is one that can be read, else `filename`. None for a part that has neither, which is no file."""
    extended, plain = parameters.get("filename*"), parameters.get("filename")
    if extended is not None and (name := _extended(_decoded(extended))) is not None:
        return name
    if plain is not None:
        return _meant(_decoded(plain))
    return None if extended is None else _meant(_decoded(extended))


def _extended(value: str) -> str | None:
    """The value of an extended parameter; None if it cannot be read."""
    match = EXTENDED.fullmatch(value)
    charset = CHARSETS.get(match[1].lower()) if match else None
    if match is None or charset is None:
        return None
    try:
        return unquote_to_bytes(match[2]).decode(charset)
    except UnicodeDecodeError:
        return None


def _meant(value: str) -> str:
    """The name behind what a client wrote: MIME's encoded words, percent signs for everything that is not plain, or the three escapes of browsers."""
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
    for written, meant in ESCAPES.items():
        text = text.replace(written, meant)
    return text


def _decoded(value: bytes) -> str:
    """UTF-8, or else what Western European systems wrote before it."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")
