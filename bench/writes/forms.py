"""The forms of uploads: the operation and its map, which differ from call to call, and the file behind them, which is the same for all."""

import json
import os
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image

from bench.runner.scans import scan

PICTURE, PDF = "image/jpeg", "application/pdf"
NAMES = {PICTURE: "picture.jpg", PDF: "contract.pdf"}
BOUNDARY = "portico-bench"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "GraphQL-Require-Preflight": "1"}
SIZE = 1_000_000
# A picture of random colours of so many pixels on each side has about a megabyte as a JPEG.
SIDE = 1144


def beginning(operations: str, media_type: str) -> str:
    """Return the form of a call up to the first byte of its file."""
    places = json.dumps({"0": ["variables.input.files.0"]})
    disposition = f'form-data; name="0"; filename="{NAMES[media_type]}"\r\nContent-Type: {media_type}'
    return f"{_field('operations', operations)}{_field('map', places)}--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n"


@cache
def ending(media_type: str) -> Path:
    """Return a file with the rest of the form. It exists until this process ends."""
    path = Path(_folder().name) / NAMES[media_type]
    content = _picture() if media_type == PICTURE else scan(SIZE)
    path.write_bytes(content + f"\r\n--{BOUNDARY}--\r\n".encode())
    return path


@cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="portico-forms-")


def _field(name: str, value: str) -> str:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


def _picture() -> bytes:
    content = BytesIO()
    Image.frombytes("RGB", (SIDE, SIDE), os.urandom(3 * SIDE * SIDE)).save(content, "JPEG", quality=85)
    return content.getvalue()
