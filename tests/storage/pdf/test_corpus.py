"""PDFs that nobody here made: those that the installed libraries write, every one that ships in the installed packages of Python and JavaScript, and those in
folders that PORTICO_TEST_CORPUS names. `make corpus` names the source distributions of the PDF libraries: their wheels have no PDFs.

Two readers say what to expect: a file that asks for a password has that code, one with refused actions is unsafe, one that neither shows is no PDF, and every
other is accepted. The exceptions are listed with their reason.
"""

import logging
import os
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pypdfium2
from pypdf import PdfReader

from billing.refusals import ErrorCode
from storage.pdf.examiner import Examiner
from tests.storage.independent import actions_of
from tests.storage.pdf.judging import examining, refusal_of
from tests.storage.pdf.other_pdfs import VERDICTS
from tests.storage.test_picture_corpus import INSTALLED, MAX_BYTES

CORPUS = os.environ.get("PORTICO_TEST_CORPUS", "")
NODE = Path(__file__).parent.parent / "node" / "node_modules"
EXCEPTIONS: dict[str, tuple[ErrorCode | None, str]] = {
    "small.pdf": (ErrorCode.UNSUPPORTED_FILE, "has no cross-reference; of 13 lines for a fuzzer, PDFium guesses a page"),
    "broken-objstream2.pdf": (ErrorCode.UNSUPPORTED_FILE, "its object stream is damaged: only PDFium finds a page"),
    "broken-objstream3.pdf": (ErrorCode.UNSUPPORTED_FILE, "its object stream is damaged: only PDFium finds a page"),
    "circular-page-tree.pdf": (None, "its pages lead to each other: no reader shows them, and nothing in it acts"),
    "newline-buffer-test.pdf": (None, "a whole file without a page, in which nothing acts"),
}


def corpus() -> Iterator[Path]:
    for folder in (INSTALLED, NODE, *filter(None, CORPUS.split(os.pathsep))):
        for parent, _, names in os.walk(folder):
            paths = (Path(parent, name) for name in names if name.lower().endswith(".pdf"))
            yield from (path for path in sorted(paths) if path.stat().st_size <= MAX_BYTES)


def pypdf_says(content: bytes) -> ErrorCode | None:
    """PASSWORD_PROTECTED, UNSUPPORTED_FILE, or None for a file that has a page."""
    logging.getLogger("pypdf").disabled = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            reader = PdfReader(BytesIO(content), strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                return ErrorCode.PASSWORD_PROTECTED
            return None if reader.pages[0] else ErrorCode.UNSUPPORTED_FILE
        except Exception as error:  # pypdf raises whatever it meets in a broken file
            return ErrorCode.PASSWORD_PROTECTED if "ncrypt" in str(error) else ErrorCode.UNSUPPORTED_FILE


def pdfium_says(content: bytes) -> ErrorCode | None:
    """The same, by what browsers show PDFs with."""
    try:
        with closing(pypdfium2.PdfDocument(content)) as document:
            document[0].close()
    except pypdfium2.PdfiumError as error:
        is_locked = "password" in str(error) and b"/Encrypt" in content  # it may report the error of the file before
        return ErrorCode.PASSWORD_PROTECTED if is_locked else ErrorCode.UNSUPPORTED_FILE
    except IndexError:
        return ErrorCode.UNSUPPORTED_FILE
    return None


def expected(content: bytes, name: str) -> ErrorCode | None:
    if name in EXCEPTIONS:
        return EXCEPTIONS[name][0]
    answers = {pypdf_says(content), pdfium_says(content)}
    if ErrorCode.PASSWORD_PROTECTED in answers:
        return ErrorCode.PASSWORD_PROTECTED
    if actions_of(content):
        return ErrorCode.UNSAFE_FILE
    return None if None in answers else ErrorCode.UNSUPPORTED_FILE


async def code_of(content: bytes, examiner: Examiner) -> ErrorCode | None:
    refused = await refusal_of(content, "application/pdf", examiner)
    return refused.code if refused else None


async def test_what_the_installed_libraries_write_is_judged_as_it_should_be() -> None:
    async with examining() as examiner:
        codes = {name: await code_of(write(), examiner) for name, (write, _) in VERDICTS.items()}
    assert codes == {name: code for name, (_, code) in VERDICTS.items()}


async def test_pdfs_of_other_people_are_judged_as_two_readers_judge_them() -> None:
    wrong, counts = [], Counter[str]()
    async with examining() as examiner:
        for path in corpus():
            content = path.read_bytes()
            code = await code_of(content, examiner)
            counts["taken" if code is None else code.value] += 1
            if code != (verdict := expected(content, path.name)):
                wrong.append(f"{path}: {code}, not {verdict}")
    assert wrong == []
    assert sum(counts.values()) or not CORPUS
    print(", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "no PDFs")
