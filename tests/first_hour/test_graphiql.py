"""GraphiQL as the demo shows it: every tab runs for every demo customer, in a browser that reaches no other host, at a desk's width and at a phone's."""

import asyncio
import json
import re
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth.jwt.tokens import sign
from demo import PERSONAS
from gateway.documents.document_cache import of_staff
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.issuer import issuer_of
from tests.conftest import ADA, STAFF
from tests.servers.browser import Browser, browser, headless_chromium
from tests.servers.processes import demo

ID_TABS = {"Subscription", "PaymentSchedule", "Invoice", "Downloads", "Statement", "PreviewPauseSubscription", "PauseSubscription"}

# GraphiQL's own, by axe's rule: selectors that a violation's element must match, and why they are left.
OF_GRAPHIQL = {
    # A tab holds a button for its name and one that closes it, where WAI-ARIA wants a tab to hold no control.
    "nested-interactive": ".graphiql-tab",
    # Monaco's colours of comments and strings on GraphiQL's grounds. They are set by Monaco's theme, for each token.
    "color-contrast": ".monaco-editor *",
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="portico-graphiql-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def url(root: Path, folder: Path) -> Iterator[str]:
    with demo(root, folder) as address:
        yield address


@pytest.fixture(scope="module")
def opened(folder: Path) -> Iterator[Browser]:
    """A browser for which no other host exists."""
    with browser(headless_chromium(), folder, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1") as running:
        running.open("about:blank")
        yield running


@pytest.fixture
def page(opened: Browser, url: str) -> Browser:
    """GraphiQL at a desk, visited for the first time."""
    opened.resize(1400, 860)
    opened.go(f"{url}/graphiql/manifest.json")
    opened.run("localStorage.clear()")
    opened.go(f"{url}/graphiql")
    wait_for_focus(opened)
    return opened


def config(url: str) -> dict[str, Any]:
    return httpx.get(f"{url}/graphiql/config.json", timeout=30).json()


def complaints(answer: Any) -> Iterator[str]:
    """Errors, refusals, and nothing where a node or a preview was expected."""
    if isinstance(answer, list):
        for item in answer:
            yield from complaints(item)
    elif isinstance(answer, dict):
        yield from (f"{name}: {answer[name]}" for name in ("errors", "userErrors") if answer.get(name))
        yield from (f"{name} is null" for name in ("data", "node", "preview") if name in answer and answer[name] is None)
        for value in answer.values():
            yield from complaints(value)


async def run_every_tab(url: str) -> tuple[dict[str, set[str]], list[str]]:
    """The titles that each customer was offered, and what went wrong."""
    offered, problems = {}, []
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        configuration = (await client.get("/graphiql/config.json")).json()
        for customer in configuration["customers"]:
            if customer["name"] == "Staff":
                continue
            offered[customer["name"]] = set(customer["variables"])
            for tab in configuration["tabs"]:
                if (variables := customer["variables"].get(tab["title"])) is not None:
                    body = {"query": tab["query"], "variables": json.loads(variables)}
                    answer = (await client.post("/graphql", json=body, headers=customer["headers"])).json()
                    problems += [f"{customer['name']}, {tab['title']}: {said}" for said in complaints(answer)]
                    owner = (answer.get("data") or {}).get("customer", customer)
                    assert owner["id" if "id" in owner else "name"] in (customer["id"], customer["name"])
    return offered, problems


def test_what_counts_as_a_complaint() -> None:
    """The control of the test below."""
    assert list(complaints({"data": {"node": None, "pay": {"userErrors": [{"code": "X"}], "list": [{"preview": None}]}}, "errors": [1]})) == [
        "errors: [1]",
        "node is null",
        "userErrors: [{'code': 'X'}]",
        "preview is null",
    ]


def test_every_tab_of_every_demo_customer_runs_at_the_first_visit_and_at_the_second(url: str) -> None:
    first, problems = asyncio.run(run_every_tab(url))
    assert problems == []
    titles = {tab["title"] for tab in config(url)["tabs"]} - set(of_staff())
    assert set(first) == {person.name for person in PERSONAS}
    assert first["Ada Lovelace"] == titles
    assert first["Emma Pty"] == titles - ID_TABS, "who has nothing is offered no tab that needs an id"
    assert sum("PauseSubscription" in tabs for tabs in first.values()) >= 6
    again, problems = asyncio.run(run_every_tab(url))
    assert problems == [], "what the first visit paused is not offered to be paused again"
    assert again["Ada Lovelace"] == titles


def test_the_tokens_of_the_customers_are_given_to_no_other_name(url: str) -> None:
    answer = httpx.get(f"{url}/graphiql/config.json", headers={"Host": "evil.example"})
    assert (answer.status_code, "eyJ" in answer.text) == (421, False)
    assert httpx.get(f"{url}/graphiql/config.json").text.count("Bearer eyJ") == len(PERSONAS) + 1, "and of staff"


def test_links_and_letters_of_the_demo_name_the_port_that_it_listens_on(url: str, folder: Path) -> None:
    staff = sign(STAFF, issuer_of(Settings(data_dir=folder / "data")), now=datetime.now(UTC), lifetime=timedelta(minutes=5))
    link = f'mutation {{ createPortalLink(input: {{ customerId: "{ADA.customer_id}", send: true }}) {{ userErrors {{ code }} link {{ url }} }} }}'
    reset = 'mutation { requestPasswordReset(input: { email: "ada@example.com" }) { userErrors { code } done } }'
    with httpx.Client(base_url=url, timeout=30) as client:
        answer = client.post("/graphql", json={"query": link}, headers={"Authorization": f"Bearer {staff}"}).json()
        assert client.post("/graphql", json={"query": reset}).json()["data"]["requestPasswordReset"]["done"]
    assert answer["data"]["createPortalLink"]["link"]["url"].startswith(f"{url}/enter#")
    letters = letters_in(folder / "data" / "mail", count=2)
    addresses = {address for letter in letters for address in re.findall(r"http://[^/\s<\"]+", letter)}
    assert addresses == {url}


def letters_in(mail: Path, *, count: int) -> list[str]:
    """They are sent after the answer."""
    for _ in range(300):
        letters = [path.read_text() for path in mail.glob("*")] if mail.exists() else []
        if len(letters) >= count:
            return letters
        time.sleep(0.1)
    raise AssertionError(f"{len(letters)} letters of {count}")


def wait_for_focus(page: Browser) -> None:
    page.until("document.activeElement.closest('.graphiql-query-editor') !== null && document.querySelector('#portico-customer') !== null")
    page.until("document.querySelector('.graphiql-query-editor .view-line').textContent !== ''")


def answer_of(page: Browser, *parts: str) -> str:
    """What the answer's editor shows, once it shows these parts."""
    said = "document.querySelector('.result-window').textContent.replaceAll('\\u00a0', ' ')"
    page.until(f"{json.dumps(parts)}.every((part) => {said}.includes(part))")
    return str(page.run(said))


def choose(page: Browser, name: str) -> None:
    """As a person does, by the select and not by a function of the page."""
    page.run(f"""(() => {{
        const select = document.querySelector('#portico-customer');
        const option = [...select.options].find(({{ text }}) => text.startsWith({json.dumps(name)}));
        Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(select, option.value);
        select.dispatchEvent(new Event('change', {{ bubbles: true }}));
    }})()""")


def open_tab(page: Browser, title: str) -> None:
    page.run(f"[...document.querySelectorAll('.graphiql-tab-button')].find(({{ textContent }}) => textContent === {json.dumps(title)}).click()")


def titles(page: Browser) -> list[str]:
    return page.run("[...document.querySelectorAll('.graphiql-tab-button')].map(({ textContent }) => textContent)")


def test_ctrl_enter_runs_right_after_load_and_the_switch_changes_token_and_ids_but_nothing_typed(page: Browser, url: str) -> None:
    page.press_ctrl_enter()
    answer_of(page, '"Ada Lovelace"')
    page.run("document.querySelector('.graphiql-tab-add').click()")
    page.run("document.querySelector('.graphiql-query-editor textarea, .graphiql-query-editor .inputarea').focus()")
    page.type("query Mine { customer { email } }")
    page.until("document.querySelector('.graphiql-tab-active .graphiql-tab-button').textContent === 'Mine'")
    with_all = titles(page)
    open_tab(page, "Subscription")
    kenji = next(customer for customer in config(url)["customers"] if customer["name"].startswith("Kenji"))
    choose(page, "Kenji")
    page.run("document.querySelector('#portico-customer').focus()")
    page.press_ctrl_enter()
    answer_of(page, json.loads(kenji["variables"]["Subscription"])["id"], "JPY")
    open_tab(page, "Mine")
    page.press_ctrl_enter()
    answer_of(page, "kenji@example.com")
    choose(page, "Emma")
    assert set(titles(page)) == set(with_all) - ID_TABS
    page.press_ctrl_enter()
    answer_of(page, "empty@example.com")
    choose(page, "Ada")
    assert titles(page) == with_all, "in the same order again"
    # GraphiQL writes what was typed half a second after the last key.
    stored = "JSON.parse(localStorage['portico:graphiql:tabState']).tabs.map((tab) => tab.title)"
    page.until(f"JSON.stringify({stored}) === JSON.stringify({json.dumps(with_all)})")
    page.go(f"{url}/graphiql")
    wait_for_focus(page)
    page.until(f"document.querySelectorAll('.graphiql-tab').length >= {len(with_all)}")
    assert titles(page) == with_all
    assert page.run("document.querySelector('#portico-customer').selectedOptions[0].text") == "Ada Lovelace"
    assert "eyJ" not in page.run("JSON.stringify(localStorage)"), "no token is stored"


def test_staff_have_a_tab_for_each_document_of_staff_which_runs_with_their_token(page: Browser) -> None:
    of_ada = titles(page)
    choose(page, "Staff")
    page.until(f"document.querySelectorAll('.graphiql-tab').length === {len(of_staff())}")
    assert set(titles(page)) == set(of_staff())
    for title, part in {"OpenItems": '"openItems"', "Metrics": '"metrics"', "Customers": '"customers"'}.items():
        open_tab(page, title)
        page.press_ctrl_enter()
        assert '"errors"' not in answer_of(page, '"data"', part)
    choose(page, "Ada")
    assert titles(page) == of_ada


async def test_staff_documents_that_need_no_object_run_with_the_variables_of_their_tabs(url: str) -> None:
    configuration = config(url)
    (staff,) = (login for login in configuration["customers"] if login["name"] == "Staff")
    assert set(staff["variables"]) == set(of_staff())
    reads = {name for name, text in of_staff().items() if "\nquery " in text and '""' not in staff["variables"][name]}
    assert {"OpenItems", "Metrics", "Customers", "CatalogPlans", "AuditEvents"} <= reads
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        for name in sorted(reads):
            body = {"query": of_staff()[name], "variables": json.loads(staff["variables"][name])}
            answer = (await client.post("/graphql", json=body, headers=staff["headers"])).json()
            assert list(complaints(answer)) == [], name


@pytest.mark.parametrize("width", [390, 1400])
def test_editor_and_answer_are_in_view_lines_wrap_and_the_page_does_not_scroll_sideways(page: Browser, url: str, width: int) -> None:
    page.resize(width, 800)
    open_tab(page, "PaymentSchedule")
    page.press_ctrl_enter()
    answer_of(page, '"data"', '"name"')
    assert page.run("document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight")
    for part in (".graphiql-query-editor .monaco-editor", ".result-window .monaco-editor", ".graphiql-execute-button", "#portico-customer"):
        box = page.run(f"(({{ left, right, top, bottom }}) => [left, right, top, bottom])(document.querySelector('{part}').getBoundingClientRect())")
        left, right, top, bottom = box
        assert 0 <= left < right <= width, part
        assert 0 <= top < bottom <= 800, part
        if part.endswith(".monaco-editor"):
            assert right - left > 240, part
            assert bottom - top > 100, part
            widest = page.run(f"Math.max(...[...document.querySelectorAll('{part} .view-line > span')].map((line) => line.getBoundingClientRect().right))")
            assert widest <= right, "a line ends within the editor"


def violations(page: Browser, root: str = "document") -> list[tuple[str, str]]:
    """The rule and the HTML of each, but for GraphiQL's own."""
    # Monaco replaces its elements at any time, also while axe runs: one that has left the document has no ancestors to match, and nobody sees it.
    is_own = f"((rule, element) => rule in {json.dumps(OF_GRAPHIQL)} && element.matches({json.dumps(OF_GRAPHIQL)}[rule]))"
    is_gone = "((element) => !element.isConnected)"
    others = f"violations.flatMap(({{ id, nodes }}) => nodes.filter((node) => !{is_gone}(node.element) && !{is_own}(id, node.element)).map(({{ html }}) => [id, html]))"
    rows = page.run(f"axe.run({root}, {{ elementRef: true }}).then(({{ violations }}) => {others})")
    return [(rule, html) for rule, html in rows]


@pytest.mark.parametrize(("width", "theme"), [(1400, "light"), (390, "dark")])
def test_axe_finds_nothing_but_what_is_graphiqls_own(page: Browser, node: Path, width: int, theme: str) -> None:
    page.say("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    page.resize(width, 800)
    page.press_ctrl_enter()
    answer_of(page, '"Ada Lovelace"')
    page.run((node / "node_modules/axe-core/axe.min.js").read_text() + "; 0")
    assert violations(page) == []
    page.run("document.querySelector('.portico-bar').insertAdjacentHTML('beforeend', '<input style=\"color: #eee; background: #fff\">')")
    assert violations(page) != [], "the control: a field without a name in our part"


def test_the_notice_that_the_schema_could_not_be_loaded_has_no_violation(server: str, page: Browser, node: Path) -> None:
    """The token of that server's Ada is none, so introspection fails."""
    page.go(f"{server}/graphiql")
    page.until("document.querySelector('.portico-notice') !== null")
    page.run((node / "node_modules/axe-core/axe.min.js").read_text() + "; 0")
    assert violations(page) == []
