"""The stream of events that pages follow: one for all tabs of a browser, and opened again whenever it can be."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.portal.pages.conftest import LiveCustomer, Visit, document_of, is_stream

pytestmark = pytest.mark.in_turns(3)


def summary(opened: Visit, name: str = "Iris Berg") -> None:
    opened.open("/?lang=en")
    opened.heading(f"Hello, {name}")
    opened.idle()


def wait_for_streams(tabs: list[Visit], count: int) -> None:
    """Wait until so many streams are open in these tabs."""
    for _ in range(600):
        if sum(len(tab.open_streams) for tab in tabs) == count:
            return
        tabs[0].page.wait_for_timeout(50)
    raise AssertionError([tab.open_streams for tab in tabs])


def test_two_tabs_have_one_stream_and_the_second_goes_on_with_it(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    summary(opened)
    tab = opened.another_tab()
    summary(tab)
    wait_for_streams([opened, tab], 1)
    iris.rename("Iris Lind")
    for each in (opened, tab):
        each.heading("Hello, Iris Lind")
        each.idle()
    wait_for_streams([opened, tab], 1)
    assert tab.cursors == []
    opened.page.close()
    wait_for_streams([tab], 1)
    assert tab.cursors != [None], "it goes on after the last message that the other tab passed on"
    iris.rename("Iris Holm")
    tab.heading("Hello, Iris Holm")


def test_a_browser_without_locks_has_a_stream_for_each_tab(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    opened.page.context.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined })")
    summary(opened)
    tab = opened.another_tab()
    summary(tab)
    wait_for_streams([opened, tab], 2)
    iris.rename("Iris Lind")
    for each in (opened, tab):
        each.heading("Hello, Iris Lind")


def test_a_hidden_tab_gives_the_stream_to_a_visible_one(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    summary(opened)
    tab = opened.another_tab()
    summary(tab)
    opened.page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden' }); document.dispatchEvent(new Event('visibilitychange'))")
    wait_for_streams([tab], 1)
    wait_for_streams([opened, tab], 1)


def test_the_page_catches_up_with_what_happened_while_the_browser_was_offline(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    summary(opened)
    opened.page.context.set_offline(True)
    iris.rename("Iris Lind")
    opened.page.wait_for_timeout(500)
    expect(opened.page.get_by_role("heading", level=1)).to_have_text("Hello, Iris Berg")
    opened.page.context.set_offline(False)
    opened.heading("Hello, Iris Lind")
    assert opened.cursors[-1] is not None


def test_a_line_on_which_nothing_arrives_is_given_up(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    """As after a sleep of the machine, where no error says that it is lost."""
    opened = visit(session=iris.session)
    opened.page.clock.install()
    summary(opened)
    assert opened.cursors == [None]
    with opened.page.expect_request(is_stream):
        opened.page.clock.fast_forward("01:00")
        opened.page.clock.run_for(10_000)
    assert opened.cursors[1] is not None


def test_signing_out_ends_the_stream_in_every_tab(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    summary(opened)
    tab = opened.another_tab()
    summary(tab)
    wait_for_streams([opened, tab], 1)
    # The gateway does not learn of it, and would go on.
    tab.page.route("**/graphql", lambda route: route.abort() if document_of(route.request) == "SignOut" else route.continue_())
    tab.page.get_by_role("button", name="Sign out").click()
    tab.heading("Sign in")
    expect(opened.page.get_by_role("dialog", name="Please sign in again")).to_be_visible()
    wait_for_streams([opened, tab], 0)
    opened.page.wait_for_timeout(3000)
    assert len(opened.cursors) + len(tab.cursors) == 1
