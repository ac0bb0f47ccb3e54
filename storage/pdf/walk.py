"""Traversal of a PDF's objects from its trailer, which checks each action by its place."""

from collections.abc import Callable, Iterator
from functools import partial

from pikepdf import Array, Dictionary, Object, Pdf, Stream, String

from storage.pdf import actions, embedded
from storage.pdf.actions import ActionTrigger
from storage.pdf.scripts import acts
from storage.pdf.unpacking import UnpackBudget

# Keys under which no reader looks for actions, and under which most objects are. An action that is also referred to from elsewhere is checked there.
_SKIPPED = """
/Parent /P /Contents /Resources /AP /MK /Metadata /StructTreeRoot /Font /Thumb /PieceInfo /Type /Subtype /Rect /Border /C /DR /MediaBox /CropBox /BleedBox
/TrimBox /ArtBox /Count /StructParent /StructParents /Rotate /Length /Filter /DecodeParms /W /Index /ID /Limits /DA /H /Tabs /Group /Encrypt
"""
SKIPPED = frozenset(_SKIPPED.split())
# Values that hold an action which a click starts: of annotations, outlines and presentations.
CLICKED = ("/A", "/PA", "/NA")
TRIGGERS = {
    "/U": ActionTrigger.CLICK,
    "/D": ActionTrigger.CLICK,
    "/K": ActionTrigger.FIELD,
    "/F": ActionTrigger.FIELD,
    "/V": ActionTrigger.FIELD,
    "/C": ActionTrigger.FIELD,
}

# The role of a value, besides that of an action with its trigger.
PLAIN = "plain"
SCRIPTS = "a name tree of scripts"
EVENTS = "actions by event"
Role = ActionTrigger | str
Pending = tuple[Object | None, Role]


class ObjectWalk:
    """The traversal. `is_whole`: also the unreachable objects, because another reader may reconstruct a damaged file differently."""

    def __init__(self, document: Pdf, budget: UnpackBudget, *, is_whole: bool) -> None:
        self._document = document
        self._budget = budget
        self._is_whole = is_whole
        self._seen: set[tuple[tuple[int, int], Role]] = set()
        self.embedded_pdfs: list[bytes] = []

    def objection(self) -> str | None:
        """Return the first objection as text, or None. Raises Refused beyond the budget."""
        for root in self._roots():
            pending: list[Pending] = [(root, PLAIN)]
            while pending:
                value, role = pending.pop()
                if isinstance(value, Dictionary | Stream | Array) and self._is_new(value, role):
                    if objection := self._check(value, role):
                        return objection
                    pending += _children(value, role)
        return None

    def _roots(self) -> Iterator[Object]:
        yield self._document.trailer
        if self._is_whole:
            for place in self._document.get_xref_table():
                yield self._document.get_object(place)

    def _is_new(self, value: Object, role: Role) -> bool:
        place = value.objgen
        if place[0] == 0:  # a direct object is visited once
            return True
        is_new = (place, role) not in self._seen
        self._seen.add((place, role))
        return is_new

    def _check(self, value: Object, role: Role) -> str | None:
        if isinstance(value, Array):
            return None
        if isinstance(role, ActionTrigger):
            return actions.what_it_does(value, role, self._budget)
        if role is SCRIPTS:
            return actions.FORBIDDEN["/JavaScript"] if "/JS" in value else actions.what_it_does(value, ActionTrigger.ITSELF, self._budget)
        keys = value.keys()
        if actions.is_action_out_of_place(value):
            return actions.FORBIDDEN[actions.kind_of(value)]
        if "/RichMediaContent" in keys or value.get("/Subtype") == "/RichMedia":
            return actions.FORBIDDEN["/RichMedia"]
        if "/OnInstantiate" in keys:
            return "a script of a 3D model"
        if "/XFA" in keys and (act := acts(self._form(value.get("/XFA")))):
            return act
        return self._check_embedded(value) if "/EF" in keys else None

    def _form(self, parts: object) -> bytes:
        """Return the XML of an XFA form: one stream, or an array of names and streams whose parts form it."""
        if isinstance(parts, Stream):
            return self._budget.unpacked(parts)
        return b"".join(self._budget.unpacked(part) for part in parts if isinstance(part, Stream)) if isinstance(parts, Array) else b""

    def _check_embedded(self, specification: Object) -> str | None:
        streams = specification.get("/EF")
        if not isinstance(streams, Dictionary):
            return None
        written = [specification.get(key) for key in ("/UF", *actions.FILE_KEYS)]
        names = [str(name) for name in written if isinstance(name, String)]
        for stream in streams.as_dict().values():
            if isinstance(stream, Stream) and self._is_new(stream, EVENTS):
                content = self._budget.unpacked(stream)
                if objection := embedded.objection(names, content):
                    return objection
                if b"%PDF-" in content[:1024]:
                    self.embedded_pdfs.append(content)
        return "an embedded program" if any(map(embedded.is_program_name, names)) else None


def _children(value: Object, role: Role) -> Iterator[Pending]:
    if isinstance(value, Array):
        yield from ((item, role) for item in value.as_list())
        return
    for key, entry in _entries(value):
        if key not in SKIPPED or role is EVENTS:
            yield entry(), _role_of(key, role)


def _entries(value: Object) -> Iterator[tuple[str, Callable[[], Object | None]]]:
    """Yield each key, and a function that reads its value: skipped values need not be parsed."""
    keys = value.keys()
    if all(map(str.isascii, keys)):
        yield from ((key, partial(value.get, key)) for key in keys)
    else:  # a name that is not UTF-8 can be listed, but its value cannot be read by it
        yield from ((key, partial(lambda entry: entry, entry)) for key, entry in value.items())


def _role_of(key: str, role: Role) -> Role:
    """Return the role of the value under a key, by the role of its container."""
    if role is EVENTS:
        return TRIGGERS.get(key, ActionTrigger.ITSELF)
    if role is SCRIPTS:
        return SCRIPTS
    if key == "/OpenAction":
        return ActionTrigger.ITSELF
    if key == "/AA":
        return EVENTS
    if key == "/JavaScript":
        return SCRIPTS
    if key in CLICKED:
        return ActionTrigger.CLICK
    return role if key == "/Next" and isinstance(role, ActionTrigger) else PLAIN
