"""Pictures that nobody here made: every one that ships in the installed packages, and in a folder that PORTICO_TEST_CORPUS names, such as an unpacked source
distribution of Pillow. What Pillow loads is taken, what it does not load is refused; the exceptions are listed with their reason.
"""

import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import werkzeug
from PIL import Image

from billing.refusals import Refused
from storage.sniff import RECOGNISED, recognised
from tests.storage.test_pictures import judged

INSTALLED = Path(werkzeug.__file__).parent.parent
MAX_BYTES = 10 * 1024**2
SUFFIXES = (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
# Taken, though Pillow does not load them. Other readers show both.
TAKEN = {
    "chunk_no_fctl.png": "an animation whose first frame has no record of its own",
    "png_decompression_dos.png": "text that unpacks to more than Pillow allows; nothing here unpacks text",
}


def corpus() -> Iterator[Path]:
    for folder in (INSTALLED, *filter(None, os.environ.get("PORTICO_TEST_CORPUS", "").split(os.pathsep))):
        for parent, _, names in os.walk(folder):
            paths = (Path(parent, name) for name in names if name.lower().endswith(SUFFIXES))
            yield from (path for path in paths if path.stat().st_size <= MAX_BYTES)


def is_taken(content: bytes) -> bool:
    try:
        content_type = recognised(content[:RECOGNISED])
    except Refused:
        return False
    return judged(content, content_type) is None


def loads(content: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content)) as picture:
                picture.load()
    except Exception:  # whatever Pillow fails with
        return False
    return content.startswith(SIGNATURES)


def test_pictures_of_other_people_are_judged_as_pillow_judges_them() -> None:
    wrong, taken, refused = [], 0, 0
    for path in corpus():
        content = path.read_bytes()
        verdict = is_taken(content)
        taken, refused = taken + verdict, refused + (not verdict)
        if verdict != (loads(content) or path.name in TAKEN):
            wrong.append(str(path))
    assert wrong == []
    assert taken >= 10, "the installed packages have pictures"
    print(f"{taken} pictures taken, {refused} refused, none wrongly")
