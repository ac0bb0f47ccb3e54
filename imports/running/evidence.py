"""What is looked up beside the files and the database: original PDFs in the folder, and payment methods at their processor."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imports.planning.drafts import Evidence, ImportState
from imports.planning.methods import reference_of
from imports.reading.staging import CustomerLines, ImportLine
from imports.reasons import ImportReason, LineFault
from payments.processor import MethodDetails, Processor, ProcessorUnavailable
from storage.bucket import Bucket

MAX_DOCUMENT_BYTES = 20 << 20
PDF = b"%PDF-"
# How many methods are asked for at once, and how long each try after an outage or a rate limit waits.
AT_ONCE = 10
PAUSES_SECONDS = (1.0, 4.0, 15.0)


@dataclass(frozen=True, slots=True)
class ImportPorts:
    """The bucket that takes original PDFs, and the processors that are asked for methods, by name. Without a bucket no PDF is imported."""

    bucket: Bucket | None = None
    processors: Mapping[str, Processor] = field(default_factory=dict)


async def evidence_of(groups: Iterable[CustomerLines], state: ImportState, ports: ImportPorts, folder: Path, processor: str) -> Evidence:
    """Look up what the new lines of some customers name."""
    lines = [line for group in groups for line in group.lines if line.fault is None and not _is_imported(line, state)]
    documents = [line for line in lines if line.kind.name == "invoices" and "document" in line.content] if ports.bucket else []
    methods = [line for line in lines if line.kind.name == "payment_methods" and line.content.get("processor", processor) in ports.processors]
    places = asyncio.Semaphore(AT_ONCE)
    known = await asyncio.gather(*(_method(line, ports.processors[line.content.get("processor", processor)], places, processor) for line in methods))
    return Evidence(
        {line.external_id: await asyncio.to_thread(_document, folder, line.content["document"]) for line in documents},
        {line.external_id: details for line, details in zip(methods, known, strict=True)},
    )


def _is_imported(line: ImportLine, state: ImportState) -> bool:
    record = state.records.get((line.kind.name, line.external_id))
    return bool(record and record.target_id)


def _document(folder: Path, name: str) -> dict[str, Any] | ImportReason:
    """Return size and hash of a PDF below the folder, with its path."""
    path = (folder / name).resolve()
    try:
        if not path.is_relative_to(folder.resolve()) or not 0 < path.stat().st_size <= MAX_DOCUMENT_BYTES:
            return ImportReason.DOCUMENT_MISSING
        content = path.read_bytes()
    except (OSError, ValueError):
        return ImportReason.DOCUMENT_MISSING
    if not content.startswith(PDF):
        return ImportReason.DOCUMENT_MISSING
    return {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "path": str(path)}


async def store_documents(bucket: Bucket | None, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put the original PDFs of a customer into the bucket, before the transaction that names them. Raises BucketUnavailable, OSError."""
    for row in rows:
        if bucket is not None:
            await bucket.put(row["object_key"], _chunks(Path(row["path"])), "application/pdf")


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(path.read_bytes)


async def _method(line: ImportLine, processor: Processor, places: asyncio.Semaphore, default: str) -> dict[str, Any] | ImportReason:
    """Return what the processor knows of a method, or why it cannot be imported."""
    try:
        reference = reference_of(line.content, default)
    except LineFault as fault:
        return fault.reason
    async with places:
        for pause in (*PAUSES_SECONDS, None):
            try:
                details = await processor.look_up(reference)
                return ImportReason.REFERENCE_UNKNOWN if details is None else _columns(details)
            except ProcessorUnavailable:
                if pause is not None:
                    await asyncio.sleep(pause)
    return ImportReason.PROCESSOR_UNAVAILABLE


def _columns(details: MethodDetails) -> dict[str, Any]:
    expires_on = details.expires_on.isoformat() if details.expires_on else None
    return {"kind": details.kind, "brand": details.brand, "last4": details.last4, "expires_on": expires_on, "fingerprint": details.fingerprint}
