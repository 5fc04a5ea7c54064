"""What is followed fetches itself anew when it has changed: by the page's socket, or now and then without one."""

import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests import money
from tests.api.followers import pk_of, post, waiting

pytestmark = pytest.mark.browser
FOLLOWED = """(ids) => {
  const element = document.createElement("div");
  element.id = "followed";
  element.dataset.follow = ids;
  element.setAttribute("hx-get", "/healthz");
  element.setAttribute("hx-trigger", "changed");
  document.querySelector("#content").append(element);
  htmx.process(element);
  document.dispatchEvent(new Event("htmx:afterSettle"));
}"""


def test_a_change_is_seen_at_once(page: Page):
    page.goto("/customers/")
    payments = [waiting(money.wallet()) for _ in range(2)]
    with page.expect_websocket() as opened:
        page.evaluate(FOLLOWED, " ".join(map(pk_of, payments)))
    with opened.value.expect_event("framereceived"), opened.value.expect_event("framereceived"):
        pass
    expect(page.locator("#followed")).to_be_empty()
    post(payments[1])
    expect(page.locator("#followed")).to_contain_text("ok")


def test_without_a_socket_it_is_asked_now_and_then(page: Page):
    page.route_web_socket("**/ws", lambda socket: socket.close())
    page.goto("/customers/")
    page.evaluate(FOLLOWED, pk_of(waiting(money.wallet())))
    expect(page.locator("#followed")).to_contain_text("ok")


def test_a_page_that_follows_nothing_opens_no_socket(page: Page):
    sockets: list[WebSocket] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.goto("/customers/")
    page.wait_for_load_state("networkidle")
    assert sockets == []
