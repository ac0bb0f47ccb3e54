"""GraphiQL in a real browser, that can reach nobody but us."""

import subprocess
from pathlib import Path

import pytest

from tests.servers.browser import headless_chromium

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


@pytest.fixture
def chromium() -> str:
    return headless_chromium()


def test_graphiql_opens_with_a_tab_for_each_page_and_asks_no_other_host(chromium: str, server: str, tmp_path: Path) -> None:
    """Every other host name is unknown to this browser, so a page that needed one would not come up."""
    command = [chromium, *FLAGS, f"--user-data-dir={tmp_path}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    dom = subprocess.run([*command, "--virtual-time-budget=20000", "--dump-dom", f"{server}/graphiql"], capture_output=True, text=True, timeout=90).stdout
    for tab in ("Summary", "Subscriptions", "PaymentSchedules", "Payments", "Profile"):
        assert f">{tab}<" in dom, tab
    assert "graphiql-execute-button" in dom
    assert "Portico" in dom
