"""A file that the bucket has lost does not stop an export: the export is made, and names the file."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

from db.pool import Database
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.identity import post
from gateway.wiring.worker import printing
from jobs.clock import Billing
from jobs.exporting import ExportResult, make_exports
from jobs.passes import Duties
from storage.local import Local
from tests.lifecycle.conftest import Life, new_id
from tests.lifecycle.customers.test_privacy_kills import export
from tests.lifecycle.invoicing.staff import create


async def test_an_export_names_a_file_that_was_lost(life: Life, pool: Database, tmp_path: Path) -> None:
    settings, invoice, attachment = Settings(data_dir=tmp_path), await create(life), new_id("att")
    await life.admin.execute(
        """insert into attachment (customer_id, id, invoice_id, group_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploader, uploaded_at)
           values ($1, $2, $3, 'grp', '../lost.pdf', 'application/pdf', 1, $4, $5, 'STORED', 'CUSTOMER', $1, now())""",
        life.customer_id, attachment, invoice, "0" * 64, f"customer/{life.customer_id}/{attachment}-0000000000000000",
    )  # fmt: skip
    life.now = datetime.now(UTC)
    await export(life)
    done = ExportResult()
    await make_exports(Duties(Billing(pool, {}), Local(tmp_path / "bucket", "", b""), post(settings), printing(settings)), datetime.now(UTC), done=done)
    assert done.failures == 0
    (row,) = await life.rows("data_export")
    lost = f"files/{attachment}-_lost.pdf"
    assert (row["status"], row["missing"]) == ("READY", [lost])
    with ZipFile(tmp_path / "bucket" / row["object_key"]) as archive:
        assert json.loads(archive.read("customer.json"))["missing"] == [lost]
        assert lost not in archive.namelist()
        assert f"documents/invoice-{invoice}.pdf" in archive.namelist()
