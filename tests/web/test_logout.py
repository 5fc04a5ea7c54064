"""Signing out of this browser."""

from tests.web.pages import page


def test_who_signs_out_is_outside(manager):
    answer = manager.post("/logout")
    assert (answer.status_code, answer.location) == (303, "/login")
    assert manager.get("/customers/").status_code == 302
    with manager.session_transaction() as session:
        assert "_user_id" not in session


def test_nothing_of_the_session_is_left(manager):
    with manager.session_transaction() as session:
        session.update(locale="ru", other="x")
    manager.post("/logout")
    with manager.session_transaction() as session:
        assert not set(session) - {"csrf_token"}


def test_another_browser_of_the_same_person_stays_inside(manager, client_of, boris):
    other = client_of(boris)
    manager.post("/logout")
    assert other.get("/customers/").status_code == 200


def test_htmx_is_told_where_to_go(manager):
    answer = manager.post("/logout", htmx=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/login")


def test_a_customer_may_sign_out_too(stranger):
    assert stranger.post("/logout").location == "/login"


def test_it_takes_a_post_and_somebody_who_is_inside(client, manager):
    assert client.post("/logout").status_code == 302
    assert manager.get("/logout").status_code == 405 and manager.get("/customers/").status_code == 200


def test_the_page_of_everybody_has_the_button(manager, stranger):
    for browser, path in ((manager, "/customers/"), (stranger, "/settings/profile/")):
        assert page(browser.get(path)).one("form", action="/logout")
