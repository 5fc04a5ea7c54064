"""The pages of customers: signing up, choosing a password, and what they see of their own money."""

from playwright.sync_api import Page, expect
from sqlalchemy import select

from crm.db import atomic, db
from crm.models import Role, User
from crm.services import links
from tests import money, people
from tests.browser.conftest import BORIS, CARLA
from tests.browser.screens import Furniture, Screen, at

PAYEE = "payee@example.com"


def _own(page: Page, address: str, found: Furniture) -> None:
    """Let Carla be the customer who has everything, and open the page."""
    with atomic() as session:
        session.scalars(select(User).where(User.email == CARLA)).one().customer_id = found.customer
    page.goto(address)


def _wallet(page: Page, found: Furniture) -> None:
    _own(page, "/me/", found)


def _commission(page: Page, found: Furniture) -> None:
    _own(page, "/me/?commission=1", found)


def _statement(page: Page, found: Furniture) -> None:
    _own(page, "/me/statement/", found)


def _transfer(page: Page, found: Furniture) -> None:
    _own(page, "/me/transfer/", found)
    page.locator("#amount").fill("1000")
    expect(page.locator("#send-preview")).not_to_be_empty()


def _sent(page: Page, found: Furniture, payee: str) -> None:
    _own(page, "/me/transfer/", found)
    page.locator("#payee").fill(payee)
    page.locator("#amount").fill("1000")
    page.locator("#send-form [type=submit]").click()


def _transfer_refused(page: Page, found: Furniture) -> None:
    _sent(page, found, "nobody@example.com")
    expect(page.locator("#payee-help[role=alert]")).to_be_visible()


def _transfer_shown(page: Page, found: Furniture) -> None:
    money.wallet_of(people.add("Получательница Константиновна Длинная-Предлинная", email=PAYEE).id)
    _sent(page, found, PAYEE)
    expect(page.locator("#check-form")).to_be_visible()


def _sign_up_refused(page: Page, _found: Furniture) -> None:
    page.goto("/signup/")
    page.locator("#name").fill("Carla")
    page.locator("#email").fill("carla@example.com")
    page.locator("#password").fill("short")
    page.locator("#signup-form [type=submit]").click()
    expect(page.locator("#password-help[role=alert]")).to_be_visible()


def _confirmation(page: Page, _found: Furniture) -> None:
    user = User(email="konstantin.konstantinovich@very-long-domain-name.example.com", name="K", password_hash="-")
    user.role = Role.CUSTOMER.value
    with atomic() as session:
        session.add(user)
    page.goto(f"/confirm/{links.make('confirm', user)}/")


def _new_password(page: Page, _found: Furniture) -> None:
    user = db.session.scalars(select(User).where(User.email == CARLA)).one()
    page.goto(f"/reset/{links.make('reset', user)}/")


def _invited(page: Page, found: Furniture) -> None:
    page.goto(f"/customers/{found.customer}/")
    page.locator(f"#sign-in-{found.customer} [type=submit]").click()
    expect(page.locator(f"#sign-in-{found.customer} .sign-ins")).to_be_visible()


OWN_SCREENS = {
    "sign up": Screen(None, at("/signup/")),
    "sign up refused": Screen(None, _sign_up_refused),
    "a letter on its way": Screen(None, at("/signup/sent/")),
    "another letter": Screen(None, at("/confirm/")),
    "confirmation": Screen(None, _confirmation),
    "forgotten password": Screen(None, at("/reset/")),
    "another password": Screen(None, _new_password),
    "a link of no use": Screen(None, at("/reset/x/")),
    "own wallet": Screen(CARLA, _wallet),
    "own wallet with commission": Screen(CARLA, _commission),
    "own statement": Screen(CARLA, _statement),
    "own transfer": Screen(CARLA, _transfer),
    "own transfer refused": Screen(CARLA, _transfer_refused),
    "own transfer shown": Screen(CARLA, _transfer_shown),
    "customer invited": Screen(BORIS, _invited),
}
