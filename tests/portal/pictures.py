"""Take the pictures of docs/portal.md, of a demo of its own: `python -m tests.portal.pictures`, with the names of some or without for all. It needs Chromium."""

import re
import sys
import tempfile
from collections.abc import Callable, Collection
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from demo.passwords import PASSWORD
from tests import template
from tests.conftest import needs
from tests.portal.pages.conftest import FLAGS, MILLISECONDS, Visit, watch
from tests.servers.processes import demo

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs/portal"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
TAB = {"width": 760, "height": 560}
GAP, GREY = 12, "#8a8f98"
MAX_BYTES = 150_000
ATTACHED = ROOT / "docs/invoice-de.png"


def summary(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada Lovelace")


def subscription(page: Page) -> None:
    page.goto("/subscriptions")
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Team", exact=True)).filter(has_text="Active").first
    card.get_by_role("link").click()
    page.get_by_role("button", name="Change plan", exact=True).click()
    dialog = page.get_by_role("dialog", name="Change plan")
    dialog.get_by_role("radio", name=re.compile("^Business US.99.00 each month")).check()
    expect(dialog.get_by_role("region", name="What will happen")).to_contain_text("To pay now")
    dialog.get_by_role("button", name="Change plan", exact=True).scroll_into_view_if_needed()


def schedule(page: Page) -> None:
    page.goto("/schedules")
    page.get_by_role("link", name="Server room, paid in six").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(ATTACHED)
    expect(page.locator("img.thumbnail")).to_be_visible()
    expect(page.locator(".toast")).to_be_visible()
    expect(page.locator(".toast")).to_have_count(0)


def payments(page: Page) -> None:
    page.goto("/payments")
    expect(page.get_by_role("region", name="Payment history").get_by_role("listitem")).to_have_count(20)


def invoice(page: Page) -> None:
    page.goto("/payments")
    page.get_by_role("region", name="To pay").get_by_role("link", name="Look and pay").first.click()
    expect(page.get_by_role("heading", level=1, name=re.compile("^Invoice "))).to_be_visible()


def profile(page: Page) -> None:
    page.goto("/profile")
    expect(page.get_by_role("region", name="Your data")).to_be_visible()


# The file of each picture, what leads to it, and how the browser differs.
SHOTS: tuple[tuple[str, Callable[[Page], None], dict[str, Any]], ...] = (
    ("summary", summary, {}),
    ("summary-dark", summary, {"color_scheme": "dark"}),
    ("summary-mobile", summary, {"viewport": NARROW, "device_scale_factor": 2}),
    ("summary-arabic", summary, {"locale": "ar"}),
    ("subscription", subscription, {}),
    ("schedule", schedule, {"viewport": {"width": 1280, "height": 1400}}),
    ("payments", payments, {}),
    ("invoice", invoice, {}),
    ("profile", profile, {"viewport": {"width": 1280, "height": 1450}}),
)


def small(picture: bytes) -> bytes:
    """Return the picture with 256 colours, which the pages do not exceed visibly."""
    target = BytesIO()
    Image.open(BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, "png", optimize=True)
    return target.getvalue()


def signed_in(browser: Browser, url: str) -> Any:
    """Sign in as Ada, and return what the browser has stored."""
    page = browser.new_page(base_url=url, locale="en-GB")
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    summary(page)
    return page.context.storage_state()


def take(page: Page, url: str, name: str, open_page: Callable[[Page], None]) -> None:
    page.set_default_timeout(MILLISECONDS)
    visit = Visit(page, url)
    watch(visit)
    page.goto("/")
    summary(page)
    open_page(page)
    visit.idle()
    picture = small(page.screenshot(animations="disabled"))
    store(name, picture)


def store(name: str, picture: bytes) -> None:
    assert len(picture) <= MAX_BYTES, (name, len(picture))
    (PICTURES / f"{name}.png").write_bytes(picture)


def take_live(browser: Browser, options: dict[str, Any]) -> None:
    """Take two tabs before and after a payment in the first one, as one picture."""
    context = browser.new_context(**options, viewport=TAB)
    context.set_default_timeout(MILLISECONDS)
    first, second = context.new_page(), context.new_page()
    second.goto("/")
    summary(second)
    before = second.get_by_role("link", name=re.compile("^Total due")).inner_text()
    invoice(first)
    first.get_by_role("button", name=re.compile(r"^Pay \D")).click()
    dialog = first.get_by_role("dialog")
    expect(dialog.get_by_role("radio").first).to_be_checked()
    shots = [page.screenshot(animations="disabled") for page in (first, second)]
    dialog.get_by_role("button", name=re.compile(r"^Pay \D")).click()
    expect(first.get_by_role("status").filter(has_text="your payment has arrived")).to_be_visible()
    expect(dialog).to_have_count(0)
    expect(second.get_by_role("link", name=re.compile("^Total due"))).not_to_have_text(before, use_inner_text=True)
    expect(first.get_by_role("main").get_by_text("Paid", exact=True).first).to_be_visible()
    shots += [page.screenshot(animations="disabled") for page in (first, second)]
    store("live", small(side_by_side(shots)))
    context.close()


def side_by_side(shots: list[bytes]) -> bytes:
    """Return four pictures of tabs as one: the first two above, the others below."""
    width, height = TAB["width"], TAB["height"]
    whole = Image.new("RGB", (2 * width + 3 * GAP, 2 * height + 3 * GAP), GREY)
    for number, shot in enumerate(shots):
        row, column = divmod(number, 2)
        whole.paste(Image.open(BytesIO(shot)), (GAP + column * (width + GAP), GAP + row * (height + GAP)))
    target = BytesIO()
    whole.save(target, "png")
    return target.getvalue()


def main(names: Collection[str]) -> None:
    """Take the pictures of these names. Outside of a run of tests the templates of databases have a folder of its own."""
    templates = template.make_folder()
    try:
        _take_all(names)
    finally:
        if templates:
            template.remove(templates)


def _take_all(names: Collection[str]) -> None:
    PICTURES.mkdir(exist_ok=True)
    expect.set_options(timeout=MILLISECONDS)
    with tempfile.TemporaryDirectory(prefix="portico-pictures-") as folder, demo(ROOT, Path(folder)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs("chromium"), args=FLAGS)
        state = signed_in(browser, url)
        usual = {"base_url": url, "storage_state": state, "locale": "en-GB", "timezone_id": "Europe/London"}
        for name, open_page, options in SHOTS:
            if name in names:
                page = browser.new_page(**{**usual, "viewport": WIDE, **options})
                take(page, url, name, open_page)
                page.close()
        if "live" in names:
            take_live(browser, usual)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:] or [*(name for name, _, _ in SHOTS), "live"])
