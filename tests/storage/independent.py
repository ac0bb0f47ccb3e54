"""A second search for refused actions, with `pypdf`: every reachable dictionary, by the keys that lead to it."""

import logging
import re
import warnings
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

FIXED = re.compile(r"\s*(AF(Simple|Number|Date|Percent|Special|Time|Range)_\w+\s*\([^()]*(\([^()]*\)[^()]*)*\)\s*;?\s*)*")
FORBIDDEN = ("/JavaScript", "/Launch", "/Rendition", "/RichMediaExecute")
BY_ITSELF = ("/SubmitForm", "/ImportData", "/URI")
SKIPPED = ("/Parent", "/P", "/StructTreeRoot", "/PieceInfo", "/Resources")
MOST_OBJECTS = 20_000


def actions_of(content: bytes) -> list[str]:
    """Return the refused actions that pypdf finds; none for a file that it cannot open."""
    logging.getLogger("pypdf").disabled = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            reader = PdfReader(BytesIO(content), strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                return []
            root = reader.trailer["/Root"]
        except Exception:  # pypdf raises whatever it meets in a broken file
            return []
        return _walk(root)


def _walk(root: Any) -> list[str]:
    seen: set[tuple[int, int, str]] = set()
    pending: list[tuple[Any, tuple[str, ...]]] = [(root, ())]
    actions: list[str] = []
    while pending and len(seen) < MOST_OBJECTS:
        value, path = pending.pop()
        try:
            if isinstance(value, IndirectObject):
                place = (value.idnum, value.generation, path[-1] if path else "")
                if place in seen:
                    continue
                seen.add(place)
                value = value.get_object()
            if isinstance(value, ArrayObject):
                pending += [(item, path) for item in value]
            elif isinstance(value, DictionaryObject):
                actions += _judged(value, path)
                pending += [(value.raw_get(key), (*path[-6:], key)) for key in value if key not in SKIPPED]
        except Exception:  # as above: another object may still be whole
            continue
    return actions


def _judged(value: DictionaryObject, path: tuple[str, ...]) -> list[str]:
    kind = value.get("/S")
    if not any(key in ("/OpenAction", "/A", "/AA", "/PA", "/NA", "/JavaScript") for key in path):
        return ["/RichMedia"] if value.get("/Subtype") == "/RichMedia" else []
    if kind == "/JavaScript" and "/AA" in path and FIXED.fullmatch(_script(value)):
        return []
    if kind in FORBIDDEN:
        return [str(kind)]
    is_clicked = any(key in ("/A", "/PA", "/NA") for key in path) or path[-1:] in (("/D",), ("/U",))
    return [str(kind)] if kind in BY_ITSELF and not is_clicked and path[-1] in ("/OpenAction", "/Next", "/O", "/C", "/WC", "/PO", "/PV") else []


def _script(value: DictionaryObject) -> str:
    script = value.get("/JS")
    script = script.get_object() if script is not None else ""
    return script.get_data().decode("latin-1") if isinstance(script, StreamObject) else str(script)
