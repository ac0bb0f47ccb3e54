"""The rule for one action of a PDF (ISO 32000-2, 12.6), by its kind and its trigger."""

import re
from enum import Enum, auto

from pikepdf import Dictionary, Name, Object, Stream, String

from storage.pdf.scripts import MAX_CALCULATION, is_calculation
from storage.pdf.unpacking import UnpackBudget


class ActionTrigger(Enum):
    """What starts an action."""

    ITSELF = auto()  # the document or a page is opened, closed, saved, printed; the pointer is moved
    CLICK = auto()
    FIELD = auto()  # a field is filled in, checked, formatted or calculated


FORBIDDEN = {
    "/JavaScript": "a script (JavaScript)",
    "/Launch": "an action that starts a program (Launch)",
    "/Rendition": "multimedia (Rendition)",
    "/RichMedia": "rich media (RichMedia)",
    "/RichMediaExecute": "rich media (RichMediaExecute)",
}
ON_ITS_OWN = {
    "/SubmitForm": "an action that sends data without a click (SubmitForm)",
    "/ImportData": "an action that loads data without a click (ImportData)",
    "/URI": "an action that opens a web address without a click (URI)",
}
OTHER_FILES = ("/GoToR", "/GoToE", "/Thread")
ELSEWHERE = "an action that opens a file on another machine without a click ({})"
# Required keys of each kind of action, by which it is recognised outside of the places of actions.
PAYLOADS = {"/JavaScript": ("/JS",), "/Rendition": ("/JS", "/R", "/OP"), "/Launch": ("/F", "/Win", "/Mac", "/Unix"), "/RichMediaExecute": ("/CMD",)}
# In the strings of PDFs a UNC path begins with two slashes of either kind, and so does a URL without its scheme.
NETWORK = re.compile(r"\s*(?:[\\/]{2}|(?!file:)[a-z][a-z0-9+.-]+:|file:[\\/]{2}(?![\\/]|localhost/)|file:[\\/]{4})", re.IGNORECASE)
FILE_KEYS = ("/F", "/UF", "/Unix", "/DOS", "/Mac")


def kind_of(action: Object) -> str:
    kind = action.get("/S")
    return str(kind) if isinstance(kind, Name) else ""


def what_it_does(action: Object, start: ActionTrigger, budget: UnpackBudget) -> str | None:
    """Return the objection to an action as text, or None. Raises Refused beyond the budget."""
    kind = kind_of(action)
    if kind == "/JavaScript" and start is ActionTrigger.FIELD and _is_calculation(action.get("/JS"), budget):
        return None
    if kind in FORBIDDEN:
        return FORBIDDEN[kind]
    if "/JS" in action and kind != "/JavaScript" and not kind.startswith("/"):
        return FORBIDDEN["/JavaScript"]
    if start is ActionTrigger.CLICK:
        return None
    if kind in OTHER_FILES and is_elsewhere(action.get("/F")):
        return ELSEWHERE.format(kind[1:])
    return ON_ITS_OWN.get(kind)


def is_action_out_of_place(value: Object) -> bool:
    """Return whether a dictionary is a forbidden action in a place where no action is expected."""
    payload = PAYLOADS.get(kind_of(value), ())
    return any(key in value for key in payload)


def is_elsewhere(file: object) -> bool:
    """Return whether a file specification refers to another machine."""
    if isinstance(file, String):
        return NETWORK.match(str(file)) is not None
    if not isinstance(file, Dictionary):
        return False
    is_url = file.get("/FS") == "/URL"
    return is_url or any(is_elsewhere(file.get(key)) for key in FILE_KEYS if isinstance(file.get(key), String))


def _is_calculation(script: object, budget: UnpackBudget) -> bool:
    if isinstance(script, Stream):
        content = budget.unpacked(script)
        return len(content) <= MAX_CALCULATION and content.isascii() and is_calculation(content.decode("ascii"))
    return isinstance(script, String) and is_calculation(str(script))
