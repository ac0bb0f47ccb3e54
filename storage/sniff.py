"""What bytes really are, judged while they pass: the type by content, sizes of pictures, a second format in the same file. PDFs are parsed when they are whole."""

import re

import puremagic

from billing.refusals import ErrorCode, Refused
from storage import pictures
from storage.walk import Walker

HEAD = 1024
# A ZIP's directory ends at most so far from the end of the file.
TAIL = 22 + 65_535
ZIP_END = b"PK\x05\x06"
RAR = b"Rar!\x1a\x07"
# How far into a file a RAR may begin.
RAR_REACH = 2 * 1024**2
MARKUP = (b"<html", b"<script", b"<svg", b"<!doctype", b"<?php")

BEGINS = {"image/png": pictures.PNG, "image/jpeg": pictures.JPEG}
# Readers find the header anywhere in the first KiB: mail gateways, printers and editors put something in front of it.
PDF_HEADER = re.compile(rb"%PDF-|%!PS-Adobe-\d\.\d PDF-\d")


class Inspector:
    """Fed with a file's bytes as they come, in chunks of any size. `feed` and `finish` raise Refused."""

    def __init__(self, content_type: str) -> None:
        self._content_type = content_type
        self._head = b""
        self._tail = b""
        self._size = 0
        self._is_pdf = content_type == "application/pdf"
        self._walker = None if self._is_pdf else Walker(pictures.png if content_type == "image/png" else pictures.jpeg)

    def feed(self, chunk: bytes) -> None:
        if len(self._head) < HEAD:
            self._head += chunk[: HEAD - len(self._head)]
            if len(self._head) == HEAD:
                self._judge_head()
        if self._walker:
            self._walk(self._walker, chunk)
        if self._size < RAR_REACH and (RAR in chunk or RAR in self._tail[-len(RAR) :] + chunk[: len(RAR)]):
            raise _polyglot()
        self._size += len(chunk)
        self._tail = chunk[-TAIL:] if len(chunk) >= TAIL else (self._tail + chunk)[-TAIL:]

    def finish(self) -> None:
        """There are no more bytes."""
        if len(self._head) < HEAD:
            self._judge_head()
        if self._walker and not self._walker.is_done:
            raise _unlike(self._content_type)
        if _ends_as_zip(self._tail):
            raise _polyglot()

    def _judge_head(self) -> None:
        """Its first bytes must say what its name says; puremagic must not know it as something else."""
        if self._is_pdf:
            if not PDF_HEADER.search(self._head) or self._head.startswith(tuple(BEGINS.values())):
                raise _unlike(self._content_type)
            return
        if not self._head.startswith(BEGINS[self._content_type]) or self._content_type not in _known_as(self._head):
            raise _unlike(self._content_type)
        lower = self._head.lower()
        if any(mark in lower for mark in MARKUP) or lower.find(b"%pdf-", 1) > 0:
            raise _polyglot()

    def _walk(self, walker: Walker, chunk: bytes) -> None:
        if not self._tail and not chunk.startswith(BEGINS[self._content_type][: len(chunk)]):
            raise _unlike(self._content_type)
        walker.feed(chunk)
        if walker.beyond and self._content_type == "image/png":
            raise _polyglot()


def _known_as(head: bytes) -> set[str]:
    try:
        return {found.mime_type for found in puremagic.magic_string(head)}
    except puremagic.PureError:
        return set()


def _ends_as_zip(tail: bytes) -> bool:
    """Whether a ZIP's directory ends exactly where the file does; the same four bytes elsewhere are chance."""
    at = tail.rfind(ZIP_END)
    while at >= 0:
        if len(tail) - at >= 22 and int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail) - at - 22:
            return True
        at = tail.rfind(ZIP_END, 0, at)
    return False


def _unlike(content_type: str) -> Refused:
    return Refused(ErrorCode.UNSUPPORTED_FILE, f"The file's content is not {content_type}, as its name says.")


def _polyglot() -> Refused:
    return Refused(ErrorCode.UNSAFE_FILE, "The file is of two formats at once.")
