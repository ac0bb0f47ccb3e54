"""Take the pictures of docs/portal.md, of a demo of its own: `python -m tests.portal.pictures`. It needs Chromium."""

import re
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from demo.passwords import PASSWORD
from tests.conftest import needs
from tests.portal.pages.conftest import FLAGS, MILLISECONDS
from tests.servers.processes import demo

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs/portal"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
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


def take(page: Page, name: str, open_page: Callable[[Page], None]) -> None:
    page.set_default_timeout(MILLISECONDS)
    page.goto("/")
    summary(page)
    open_page(page)
    page.wait_for_load_state("networkidle")
    picture = small(page.screenshot(animations="disabled"))
    assert len(picture) <= MAX_BYTES, (name, len(picture))
    (PICTURES / f"{name}.png").write_bytes(picture)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    expect.set_options(timeout=MILLISECONDS)
    with tempfile.TemporaryDirectory(prefix="portico-pictures-") as folder, demo(ROOT, Path(folder)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs("chromium"), args=FLAGS)
        state = signed_in(browser, url)
        for name, open_page, options in SHOTS:
            page = browser.new_page(**{"base_url": url, "storage_state": state, "locale": "en-GB", "timezone_id": "Europe/London", "viewport": WIDE, **options})
            take(page, name, open_page)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
