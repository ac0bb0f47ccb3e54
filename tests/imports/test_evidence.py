"""Original PDFs are the documents of their invoices, and payment methods are what the processor says of them."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.builtin.embedded import Urls
from imports.running.evidence import ImportPorts
from payments.processor import MethodDetails, ProcessorUnavailable
from storage.local import Local
from tests.conftest import customer as customer_of
from tests.imports.conftest import ImportPlace
from tests.imports.lines import customer, invoice, method, subscription
from tests.imports.test_staff import ask
from tests.payments.sides import KEYS, Side, add, localstripe, stripe_side

PDF = b"%PDF-1.4\nthe original\n%%EOF\n"
DOCUMENT = "query ($id: ID!) { customer(id: $id) { invoices(first: 5) { nodes { number document { url } } } } }"


@pytest.fixture(scope="module")
def address(import_database: Urls, start_server: Callable[..., str]) -> str:
    return start_server(import_database.app)


@pytest.fixture
def bucket(place: ImportPlace, data_dir: Path) -> Local:
    """The bucket of the server."""
    bucket = Local(data_dir / "bucket", "", b"")
    place.ports = ImportPorts(bucket)
    return bucket


def put_document(place: ImportPlace, content: bytes) -> None:
    (place.folder / "documents").mkdir()
    (place.folder / "documents/one.pdf").write_bytes(content)


async def test_the_original_pdf_is_the_document_of_its_invoice(place: ImportPlace, bucket: Local, address: str) -> None:
    place.write_lines(customers=[customer()], invoices=[invoice(document="documents/one.pdf"), invoice("I2")])
    put_document(place, PDF)
    await place.run(is_dry=True)
    assert (await place.counts())["imported_document"] == 0
    await place.run()
    (row,) = await place.fetch("select id from customer")
    answer = await ask(address, DOCUMENT, customer_of(row["id"]), id=row["id"])
    urls = {node["number"]: node["document"]["url"] for node in answer["data"]["customer"]["invoices"]["nodes"]}
    async with httpx.AsyncClient(timeout=60) as client:
        original, made = await client.get(urls["N-I1"]), await client.get(urls["N-I2"])
    assert original.content == PDF
    assert original.headers["content-type"] == "application/pdf"
    assert made.content.startswith(b"%PDF-")
    assert made.content != PDF


@pytest.mark.parametrize(("name", "content"), [("documents/two.pdf", PDF), ("documents/one.pdf", b"words"), ("../../etc/passwd", PDF), ("/etc/passwd", PDF)])
async def test_what_is_no_pdf_of_the_folder_is_refused_with_the_line(place: ImportPlace, bucket: Local, name: str, content: bytes) -> None:
    place.write_lines(customers=[customer()], invoices=[invoice(document=name)])
    put_document(place, content)
    await place.run()
    assert [reason for _, _, _, reason in place.outcomes()] == [None, "DOCUMENT_MISSING"]
    assert (await place.counts())["invoice"] == 0


@asynccontextmanager
async def stripe(place: ImportPlace, address: str) -> AsyncIterator[Side]:
    async with stripe_side(address) as side:
        place.ports = ImportPorts(processors={"stripe": side.processor})
        yield side


@pytest.fixture(scope="module")
def stripe_address() -> Iterator[str]:
    with localstripe() as address:
        yield address


async def attached(address: str, details: MethodDetails) -> MethodDetails:
    """Attach the method to its customer, as Stripe itself does when the customer has finished the form."""
    customer_name, reference, _ = details.method_reference.split("/")
    async with httpx.AsyncClient(base_url=address, auth=(KEYS.secret_key, "")) as client:
        answer = await client.post(f"/v1/payment_methods/{reference}/attach", data={"customer": customer_name})
    assert answer.status_code == 200, answer.text
    return details


def stripe_line(details: MethodDetails, **changes: Any) -> dict[str, Any]:
    customer_name, reference, _ = details.method_reference.split("/")
    return method(processor="stripe", processorReference=reference, processorCustomer=customer_name, **changes)


async def test_a_method_is_what_the_processor_says_of_it(place: ImportPlace, stripe_address: str) -> None:
    async with stripe(place, stripe_address) as side:
        details = await attached(stripe_address, await add(side, "visa", key="import_1"))
        assert await side.processor.look_up(details.method_reference) == details
        place.write_lines(customers=[customer()], payment_methods=[stripe_line(details, brand="wrong", last4="0000", expiresOn="2020-01")])
        await place.run()
    assert [entry.get("notes") for entry in place.report] == [None, None]
    (row,) = await place.fetch("select kind, brand, last4, expires_on, fingerprint, processor_reference from payment_method")
    assert tuple(row) == ("CARD", "visa", details.last4, details.expires_on, details.fingerprint, details.method_reference)


async def test_a_method_of_another_customer_at_the_processor_is_refused(place: ImportPlace, stripe_address: str) -> None:
    async with stripe(place, stripe_address) as side:
        details = await attached(stripe_address, await add(side, "visa", key="import_2"))
        assert await side.processor.look_up("nothing") is None
        line = stripe_line(details) | {"processorCustomer": "cus_another"}
        place.write_lines(customers=[customer()], payment_methods=[line], subscriptions=[subscription(paymentMethod="M1")])
        await place.run()
    assert [reason for _, _, _, reason in place.outcomes()] == [None, "REFERENCE_UNKNOWN", "DEPENDENCY_SKIPPED"]


class Silent:
    """A processor that does not answer the first calls."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    async def look_up(self, method_reference: str) -> MethodDetails | None:
        self.failures -= 1
        if self.failures >= 0:
            raise ProcessorUnavailable
        return MethodDetails(method_reference, "CARD", "visa", "4242", None, "fingerprint")


@pytest.mark.parametrize(("failures", "reason"), [(2, None), (9, "PROCESSOR_UNAVAILABLE")])
async def test_a_processor_that_does_not_answer_is_asked_again_and_then_by_the_next_run(
    place: ImportPlace, monkeypatch: pytest.MonkeyPatch, failures: int, reason: str | None
) -> None:
    monkeypatch.setattr("imports.running.evidence.PAUSES_SECONDS", (0.01, 0.01, 0.01))
    processor: Any = Silent(failures)
    place.ports = ImportPorts(processors={"sandbox": processor})
    place.write_lines(customers=[customer()], payment_methods=[method()])
    await place.run()
    assert [each for _, _, _, each in place.outcomes()] == [None, reason]
    await place.run()
    assert (await place.counts())["payment_method"] == (1 if reason is None else 0)
    await place.run()
    assert (await place.counts())["payment_method"] == 1
