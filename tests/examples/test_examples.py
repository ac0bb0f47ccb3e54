"""The examples, started as examples/README.md says, against the demo: they show the Summary, and pay what is due once, though an answer is lost."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from demo.passwords import PASSWORD
from tests.conftest import needs, npm_packages
from tests.examples.conftest import LosingServer, signed_in
from tests.servers.browser import headless_chromium

pytestmark = pytest.mark.in_turns(3)

# Of each, one press pays all that can be paid; of Kai and Ada a part is in payment already.
CUSTOMERS = {"react-apollo": "aroha@example.com", "react-relay": "big@example.com", "curl": "kai@example.com", "python": "ada@example.com"}
PAGES = ("react-apollo", "react-relay")
FLAGS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
MILLISECONDS = 60_000  # the first answer waits until Vite has bundled the dependencies
DONE = re.compile(r": SUCCEEDED$")
SCRIPTS = {"curl": "examples/curl/pay.sh", "python": "examples/python/pay.py"}
OUTCOMES = {"curl": "REQUIRES_ACTION", "python": "SUCCEEDED"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=headless_chromium(), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def started(example: Path, gateway: str, folder: Path) -> Iterator[str]:
    """Run `npm start` and yield the address that it prints."""
    npm_packages(example)
    command = [needs("npm"), "start", "--", "--port", "0"]
    environment = os.environ | {"GATEWAY": gateway, "NO_COLOR": "1"}
    output = folder / "output.txt"
    with output.open("w") as file, subprocess.Popen(command, cwd=example, env=environment, stdout=file, stderr=file, start_new_session=True) as running:
        try:
            yield printed_address(running, output)
        finally:
            os.killpg(running.pid, signal.SIGTERM)


def printed_address(running: subprocess.Popen[bytes], output: Path) -> str:
    for _ in range(600):
        if address := re.search(r"Local:\s+(http://\S+)", output.read_text()):
            return address[1]
        assert running.poll() is None, output.read_text()
        time.sleep(0.1)
    raise AssertionError(output.read_text())


@pytest.mark.parametrize("example", PAGES)
def test_a_page_pays_what_is_due_once_though_the_answer_is_lost(root: Path, url: str, chromium: Browser, tmp_path: Path, example: str) -> None:
    email = CUSTOMERS[example]
    with started(root / "examples" / example, url, tmp_path) as address, signed_in(url, email) as account:
        due, payments = account.due(), account.payments()
        (currency,) = due
        context = chromium.new_context()
        context.set_default_timeout(MILLISECONDS)
        expect.set_options(timeout=MILLISECONDS)
        page = context.new_page()
        problems = watch(page)
        sign_in(page, address, email, password="wrong")
        expect(page.get_by_role("status")).to_contain_text("password is wrong")
        sign_in(page, address, email)
        expect(page.get_by_role("heading", level=1)).to_have_text(account.customer()["name"])
        with lost_answer(page):
            page.get_by_role("button", name=f"Pay {currency}").click()
            expect(page.get_by_role("status")).to_contain_text("Please press again.")
        assert account.payments() == payments + 1
        page.reload()
        sign_in(page, address, email)
        page.get_by_role("button", name=f"Pay {currency}").evaluate("(button) => { button.click(); button.click(); }")
        expect(page.get_by_role("status")).to_have_text(DONE)
        expect(page.get_by_role("button", name=f"Pay {currency}")).to_have_count(0)
        assert (account.due(), account.payments()) == ({}, payments + 1)
        context.close()
    assert problems == []


def watch(page: Page) -> list[str]:
    """Return the list of what goes wrong in the page: errors, and warnings such as Apollo's about a cache that loses data."""
    problems: list[str] = []
    page.on(
        "console", lambda message: problems.append(message.text) if message.type in ("error", "warning") and "net::ERR_FAILED" not in message.text else None
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    return problems


def sign_in(page: Page, address: str, email: str, password: str = PASSWORD) -> None:
    page.goto(address, timeout=MILLISECONDS)
    page.get_by_label("E-mail").fill(email, timeout=MILLISECONDS)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@contextmanager
def lost_answer(page: Page) -> Iterator[None]:
    """The gateway answers the first payment, and the page does not receive it."""
    lost: list[Any] = []

    def lose(route: Route) -> None:
        if "payAllDue(" not in (route.request.post_data or "") or lost:
            return route.continue_()
        lost.append(route.fetch().json())
        return route.abort()

    page.route("**/graphql", lose)
    yield
    page.unroute("**/graphql")
    assert lost[0]["data"]["payAllDue"]["userErrors"] == []


@pytest.mark.parametrize("example", SCRIPTS)
def test_a_script_pays_what_is_due_once_though_the_answer_is_lost(root: Path, url: str, losing_server: LosingServer, tmp_path: Path, example: str) -> None:
    email = CUSTOMERS[example]
    with signed_in(url, email) as account:
        payments = account.payments()
        first, second, third = (run(root, example, losing_server.url, email, tmp_path) for _ in range(3))
        assert len(losing_server.lost_answers) == 1
        assert account.customer()["name"] in first
        assert f": {OUTCOMES[example]}\n" in first + second, (first, second)
        assert f": {OUTCOMES[example]}\n" not in third
        assert "IN_PROGRESS: " in third
        assert account.payments() == payments + 1
        # The key of the call that was refused with IN_PROGRESS; the outcome of the other is known.
        assert len(list(tmp_path.iterdir())) == 1


def run(root: Path, example: str, url: str, email: str, folder: Path) -> str:
    """Run a script. That in curl ends with an error where an answer is lost, and is run again."""
    done = tried(root, example, url, email, PASSWORD, folder)
    assert done.returncode in (0, 52), done.stdout + done.stderr
    return done.stdout


def tried(root: Path, example: str, url: str, email: str, password: str, folder: Path) -> subprocess.CompletedProcess[str]:
    interpreter = [sys.executable, "-W", "error"] if example == "python" else []
    for program in ("curl", "jq") if example == "curl" else ():
        needs(program)
    command = [*interpreter, root / SCRIPTS[example], url]
    environment = os.environ | {"EMAIL": email, "PASSWORD": password}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("example", SCRIPTS)
def test_a_script_says_what_it_needs(root: Path, tmp_path: Path, example: str) -> None:
    for email, password, says in (("", PASSWORD, "Set EMAIL"), ("ada@example.com", "", "PASSWORD, as make demo prints it.")):
        done = tried(root, example, "http://127.0.0.1:1", email, password, tmp_path)
        assert done.returncode == 1
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_the_script_in_python_says_that_no_gateway_answers(root: Path, url: str, tmp_path: Path) -> None:
    for address, says in (("http://127.0.0.1:1", "http://127.0.0.1:1 cannot be reached: "), (f"{url}/graphql", "answered 404 without JSON")):
        done = tried(root, "python", address, CUSTOMERS["python"], PASSWORD, tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert says in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("example", SCRIPTS)
def test_a_script_says_why_a_sign_in_is_refused(root: Path, url: str, tmp_path: Path, example: str) -> None:
    done = tried(root, example, url, CUSTOMERS[example], "wrong", tmp_path)
    assert done.returncode == 1
    assert "wrong" in done.stderr
