"""Scripts in PDFs: the fixed calculations of forms, which are allowed, and XFA forms, which may have no script."""

import re
from xml.parsers import expat

# Forms add up, format and check their fields with functions that every reader has built in (Acrobat's "AForm" library). Called with constants
# only, they have no other effect. Every quantifier is possessive: the time is linear.
_SPACE = r"(?:\s|//[^\r\n\u2028\u2029]*+(?:[\r\n\u2028\u2029]|\Z)|/\*(?:[^*]|\*(?!/))*+\*/)*+"
_TEXT = r"""(?:"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*+"|'(?:[^'\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*+')"""
_CONSTANT = rf"(?:{_TEXT}|-?+[0-9]++(?:\.[0-9]*+)?+|true|false|null)"
_CONSTANTS = rf"(?:{_CONSTANT}{_SPACE}(?:,{_SPACE}{_CONSTANT}{_SPACE})*+)?+"
_LIST = rf"(?:(?:new\s++)?+Array{_SPACE}\({_SPACE}{_CONSTANTS}\)|\[{_SPACE}{_CONSTANTS}\])"
_ARGUMENT = rf"(?:{_LIST}|{_CONSTANT})"
_ARGUMENTS = rf"(?:{_ARGUMENT}{_SPACE}(?:,{_SPACE}{_ARGUMENT}{_SPACE})*+)?+"
_FUNCTION = r"AF(?:Simple|Number|Date|Percent|Special|Time|Range)_[A-Za-z]++"
_CALL = rf"{_FUNCTION}{_SPACE}\({_SPACE}{_ARGUMENTS}\){_SPACE}(?:;{_SPACE})*+"
CALCULATION = re.compile(rf"{_SPACE}(?:{_CALL})*+")
MAX_CALCULATION = 16 * 1024


def is_calculation(script: str) -> bool:
    """Return whether a script is empty, or consists only of calls of the built-in form functions with constants."""
    return len(script) <= MAX_CALCULATION and CALCULATION.fullmatch(script) is not None


def acts(form: bytes) -> str | None:
    """Return what an XFA form does besides being filled in and calculated by its reader, as text, or None. `form` is its whole XML."""
    reader = _FormReader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.ProcessingInstructionHandler = reader.instruct
    parser.StartDoctypeDeclHandler = reader.declare
    try:
        parser.Parse(form, True)
    except expat.ExpatError:
        # Readers are more tolerant than this parser, so XML that it cannot read must not contain anything like a script.
        return reader.act or ("scripts in its form" if SCRIPT_TAG.search(form.replace(b"\0", b"")) else None)
    return reader.act


SCRIPT_TAG = re.compile(rb"<(?:[\w.-]+:)?(?:script|execute|submit|!DOCTYPE|!ENTITY|\?xml-stylesheet)\b|!DOCTYPE|!ENTITY|xml-stylesheet")


class _FormReader:
    def __init__(self) -> None:
        self.act: str | None = None
        self._event = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(" ")[2]:
            case "event":
                self._event = attributes.get("activity", "click")
            case "script":
                self.act = "scripts in its form"
            case "execute":
                self.act = "a form that calls a web service"
            case "submit" if self._event != "click":
                self.act = "a form that sends itself"

    def instruct(self, target: str, data: str) -> None:
        if target == "xml-stylesheet":
            self.act = "a form that loads another file"

    def declare(self, *_: object) -> None:
        self.act = "a form with declarations that hide its content"
