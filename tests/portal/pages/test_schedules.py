"""Payment schedules: installments are paid, files are attached."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.portal.pages.conftest import Visit


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "front.png", tmp_path / "back.jpg"]
    for path in paths:
        Image.new("RGB", (40, 30), "teal").save(path)
    return paths


def open_schedule(opened: Visit) -> None:
    opened.open("/schedules")
    opened.page.get_by_role("link", name="Server room, paid in six").click()
    opened.heading("Server room, paid in six")


def test_an_installment_is_paid(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    open_schedule(opened)
    page = opened.page
    installment = page.get_by_role("listitem").filter(has_text="Installment 5 of 6")
    installment.get_by_role("button", name="Pay Installment 5 of 6").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"^Pay US")).click()
    expect(page.get_by_role("status").filter(has_text="your payment has arrived")).to_be_visible()
    expect(installment.get_by_text("Paid", exact=True)).to_be_visible()


def test_several_files_are_attached_at_once_shown_downloaded_and_deleted(visit: Callable[..., Visit], pictures: list[Path]) -> None:
    opened = visit("ada")
    open_schedule(opened)
    page = opened.page
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(pictures)
    expect(page.get_by_role("status").filter(has_text="2 files are added.")).to_be_visible()
    row = page.get_by_role("listitem").filter(has_text="front.png")
    expect(row.locator("img.thumbnail")).to_be_visible()
    with page.expect_download() as download:
        row.get_by_role("button", name="Download front.png").click()
    assert download.value.suggested_filename == "front.png"
    row.get_by_role("button", name="Delete front.png").click()
    row.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("status").filter(has_text="front.png is deleted.")).to_be_visible()
    expect(row).to_have_count(0)


def test_files_are_dropped(visit: Callable[..., Visit], pictures: list[Path]) -> None:
    opened = visit("ada")
    open_schedule(opened)
    page = opened.page
    place = page.locator(".drop")
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box
    copy = 1
    event = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 10, "data": {"items": [], "files": [str(pictures[1])], "dragOperationsMask": copy}}
    devtools = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, **event})
    expect(page.get_by_role("status").filter(has_text="1 file is added.")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="back.jpg").first).to_be_visible()


def test_a_file_that_is_too_large_or_of_a_wrong_kind_is_refused_by_its_name_and_nothing_is_attached(
    visit: Callable[..., Visit], pictures: list[Path], tmp_path: Path
) -> None:
    opened = visit("ada")
    open_schedule(opened)
    page = opened.page
    files = page.get_by_role("region", name="Attachments").locator("ul.rows").first.get_by_role("listitem")
    before = files.count()
    large = tmp_path / "large.png"
    large.write_bytes(bytes(10 * 1024**2 + 1))
    page.set_input_files("input[type=file]", [large, pictures[0]])
    expect(page.get_by_role("alert")).to_contain_text("large.png: The file is too large.")
    text = tmp_path / "notes.pdf"
    text.write_text("no PDF")
    page.set_input_files("input[type=file]", [pictures[0], text])
    expect(page.get_by_role("alert")).to_contain_text("notes.pdf: Only PDF, PNG and JPEG files can be added.")
    page.reload()
    opened.heading("Server room, paid in six")
    expect(files).to_have_count(before)


def test_an_interrupted_upload_is_sent_again_and_attached_once(visit: Callable[..., Visit], pictures: list[Path]) -> None:
    opened = visit("ada")
    open_schedule(opened)
    page = opened.page
    page.context.set_offline(True)
    page.set_input_files("input[type=file]", [pictures[1]])
    attachments = page.get_by_role("region", name="Attachments")
    expect(attachments.get_by_role("alert")).to_contain_text("The connection was lost.")
    page.context.set_offline(False)
    attachments.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status").filter(has_text="1 file is added.")).to_be_visible()
