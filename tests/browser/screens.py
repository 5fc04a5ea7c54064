"""Every page of the product in every state that looks different, brought up in any language."""

import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import select

from crm.db import atomic, db, utcnow
from crm.ledger import engine
from crm.models import Import, User
from crm.models.ledger import PaymentKind
from crm.services import accounts, commission_rules, customers, imports, payments, posting, rates
from crm.services.audit import Actor
from crm.services.commission_terms import RuleData
from crm.services.customer_data import CustomerData
from crm.services.movements import Movement
from crm.services.rates import RateData
from tests import money, people
from tests.browser.conftest import ALICE, BORIS, CARLA, VERA

FILE = "name,phone,email,balance\nAnna Ivanova,12,,\n" + "".join(
    f"Customer {n},,customer{n}@example.com,{n}.50\n" for n in range(40)
)


@dataclass(frozen=True)
class Furniture:
    """What there is to see: a customer with everything, an import with failed rows, one at work, a user; a wallet
    that is frozen, and a customer without any; another wallet, and a batch of payments from it.
    """

    customer: int
    over: int
    running: int
    user: int
    frozen: int = 0
    poor: int = 0
    wallet: int = 0
    batch: str = ""


@dataclass(frozen=True)
class Screen:
    """A page in a state; `who` looks at it (None is a stranger)."""

    who: str | None
    show: Callable[[Page, Furniture], None]


def furnish() -> Furniture:
    """Fill the office."""
    people.crowd(60)
    rich = people.add(
        "Константин Константинович Константинопольский-Заозёрный",
        company="Общество с ограниченной ответственностью «Северо-Западное предприятие»",
        city="Петропавловск-Камчатский",
        tags=["vip", "постоянный покупатель", "wholesale"],
        notes="Звонить после 18:00.\nhttps://example.com/a/very/long/address/without/any/blank/in/it/at/all/"
        + "x" * 80,
        external_id="CRM-000001",
        phone="+79123456789",
        email="konstantin.konstantinovich.konstantinopolskij@very-long-domain-name.example.com",
        telegram="konstantin_k",
        website="https://example.com/konstantinopolskij/zaozernyj/about",
        other="ICQ 123456789",
    )
    poor = people.add("Архивный клиент").id
    customers.set_archived(people.CLI, poor, True)
    frozen = _fill_wallets(rich.id)
    _set_prices()
    user = db.session.scalars(select(User).where(User.email == BORIS)).one()
    over = _import(user.id, "клиенты-за-ноябрь-2026-окончательный-вариант.csv")
    imports.run(over)
    running = _import(user.id, "running.csv")
    with atomic() as session:  # as if a worker was half-way, and stayed there
        upload = session.get_one(Import, running)
        upload.status, upload.lease, upload.lease_until = "running", "a worker", utcnow() + timedelta(hours=1)
        upload.read_rows, upload.created, upload.failed, upload.busy_seconds = 20, 18, 2, 2.0
    return Furniture(rich.id, over, running, user.id, frozen, poor, *_pay_a_batch(user.id))


def _fill_wallets(customer_id: int) -> int:
    """Give the customer a wallet where much has happened, an empty one and a frozen one, whose id is returned."""
    wallet = money.wallet_of(customer_id, balance=123_456_789_012, overdraft=500_000_000)
    payee = money.wallet(name="Получатель с Длинной-Предлинной Фамилией")
    money.SERVICE.spend(wallet, 349_900, "Заказ № 1042: " + "две пары обуви, " * 8)
    money.SERVICE.withdraw(wallet, 50_000, "e_wallet")
    money.SERVICE.transfer(wallet, payee, 100_000_000, "x" * 200)
    money.SERVICE.adjust(wallet, -1_500, "Ошибка кассира")
    for _time in range(50):
        money.SERVICE.deposit(wallet, 1_000, "card")
    money.wallet_of(customer_id, "USD")
    frozen = accounts.open_wallet(people.CLI, customer_id, "EUR", "Накопления на отпуск и непредвиденные расходы")
    accounts.set_status(people.CLI, frozen, "frozen")
    return frozen


def _pay_a_batch(user_id: int) -> tuple[int, str]:
    """A wallet, and the batch that has spent from it, at last more than there was."""
    wallet = money.wallet(name="Покупательница с Длинной-Предлинной Фамилией", balance=5_500)
    spent = [
        Movement(PaymentKind.SPEND, 100, wallet, None, "sales", "Заказ № 1042: " + "две пары обуви, " * 8)
        for _number in range(60)
    ]
    name = "бонусы-и-списания-за-ноябрь-2026-окончательный-вариант.csv"
    batch = payments.accept_batch(Actor(user_id, "127.0.0.1"), spent, name).batch_id
    posting.drain()
    return wallet, str(uuid.UUID(batch))


def _set_prices() -> None:
    """A rule of each sort, and rates that changed."""
    commission_rules.add(people.CLI, RuleData("transfer", percent="2"))
    commission_rules.add(people.CLI, RuleData("transfer", "RUB", percent="1.5", fixed="10", min="30", max="5000"))
    commission_rules.add(people.CLI, RuleData("withdrawal", "RUB", "e_wallet", "3", valid_from="2999-01-01"))
    commission_rules.add(people.CLI, RuleData("transfer", percent="1"))
    for day in range(1, 9):
        rates.add(people.CLI, RateData("USD", "RUB", f"9{day}.25", "1", f"2026-01-0{day}"), with_inverse=True)


def _import(user_id: int, name: str) -> int:
    return imports.accept(Actor(user_id, "127.0.0.1"), io.BytesIO(FILE.encode()), name, start=False).id


def at(address: str) -> Callable[[Page, Furniture], None]:
    """Just the page at this address, `{customer}` and the like filled in."""
    return lambda page, found: _open(page, address, found)


def _open(page: Page, address: str, found: Furniture) -> None:
    page.goto(address.format(**vars(found)))


def _refused_sign_in(page: Page, found: Furniture) -> None:
    page.goto("/login")
    page.locator("#email").fill("nobody@example.com")
    page.locator("#password").fill("wrong")
    page.locator("#login-form button").click()
    expect(page.locator("#password-help")).to_be_visible()


def _send_sheet(page: Page, text: str) -> None:
    page.goto("/payments/upload/")
    page.locator("#file").set_input_files({"name": "bonuses.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.locator("#payment-upload button[type=submit]").click()


def _sheet_refused(page: Page, found: Furniture) -> None:
    _send_sheet(page, "shoe,hat\n1,2\n")
    expect(page.locator("#file-help")).to_be_visible()


def _sheet_checked(page: Page, found: Furniture) -> None:
    _send_sheet(page, f"kind,account,amount\ndeposit,{found.wallet},1000000\nwithdrawal,{found.wallet},5\n")
    expect(page.locator("#sums")).to_be_visible()


def _sheet_with_problems(page: Page, found: Furniture) -> None:
    _send_sheet(page, f"kind,account,amount\ndeposit,{found.wallet},1e6\n" + "gift,x,1\n" * 120)
    expect(page.locator("#problems")).to_be_visible()


def _filters(page: Page, found: Furniture) -> None:
    page.goto("/customers/?q=%D0%B0&city=%D0%BE&status=")
    expect(page.locator(".filter-fields")).to_be_visible()


def _hits(page: Page, found: Furniture) -> None:
    page.goto("/settings/profile/")
    page.locator("#search-input").fill("а")
    expect(page.locator("#hits a").first).to_be_visible()


def _menu(page: Page, found: Furniture) -> None:
    page.goto("/settings/profile/")
    page.locator("#user-menu > summary").click()


def _new_customer(page: Page, found: Furniture) -> None:
    page.goto("/customers/?q=CRM-000001")
    page.locator("[data-reveal=new-customer]").first.click()
    expect(page.locator("#new-name")).to_be_focused()


def _new_customer_alike(page: Page, found: Furniture) -> None:
    _new_customer(page, found)
    page.locator("#new-phone").press_sequentially("+79123456789")
    expect(page.locator("#alike a")).to_be_visible()


def _new_customer_refused(page: Page, found: Furniture) -> None:
    _new_customer(page, found)
    page.locator("#new-name").fill("x" * 60)
    page.locator("#new-phone").fill("+79123456789")
    page.locator("#new-customer [type=submit]").first.click()
    expect(page.locator("[name=allow_duplicate]")).to_be_visible()


def _create_refused(page: Page, found: Furniture) -> None:
    page.goto("/customers/create/")
    page.locator("#phone").fill("12")
    page.locator("#create-form [type=submit]").click()
    expect(page.locator("#phone-help")).to_be_visible()


def _rule_dialog(page: Page, found: Furniture) -> None:
    page.goto("/settings/commission-rules/")
    page.locator("a[href$='/commission-rules/add/']").click()
    page.locator("#percent").press_sequentially("1,5")
    expect(page.locator("#rule-example")).not_to_be_empty()


def _rule_refused(page: Page, found: Furniture) -> None:
    page.goto("/settings/commission-rules/add/")
    page.locator("#percent").fill("101")
    page.locator("#min").fill("1")
    page.locator("#rule-form [type=submit]").click()
    expect(page.locator("#percent-help")).to_be_visible()


def _rule_question(page: Page, found: Furniture) -> None:
    page.goto("/settings/commission-rules/")
    page.locator("a[href$='/end/']").first.evaluate("link => link.click()")
    expect(page.locator("#end-form")).to_be_visible()


def _rate_refused(page: Page, found: Furniture) -> None:
    page.goto("/settings/rates/")
    page.locator("#rate").fill("0")
    page.locator("#rate-form [type=submit]").click()
    expect(page.locator("#rate-form [aria-invalid=true]")).to_be_visible()


def _conversion(page: Page, found: Furniture) -> None:
    _dialog(page, found, "convert")
    page.locator("#amount").press_sequentially("100")
    expect(page.locator(".preview p")).to_contain_text("0,01" if page.locator("html[lang=ru]").count() else "0.01")


def _technical_account(page: Page, found: Furniture) -> None:
    page.goto(f"/accounts/{money.technical('opening')}/")
    expect(page.locator(".op-amount").first).to_be_visible()


def _first_payment(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".payments .row-link").first.click()
    expect(page.locator(".payment-status")).to_be_visible()


def _payment(page: Page, found: Furniture) -> None:
    _first_payment(page, "/payments/?kind=transfer")


def _failed_payment(page: Page, found: Furniture) -> None:
    money.post([money.draft(money.wallet(), money.technical("cash"), 10**9, kind="withdrawal", source="cash")])
    _first_payment(page, "/payments/?status=FAILED")


def _waiting_payment(page: Page, found: Furniture) -> None:
    with atomic():  # nobody posts what is not in the queue
        waiting = money.draft(money.technical("cash"), money.wallet(), 700, kind="deposit", source="cash")
        engine.store([waiting])
    page.goto(f"/payments/{uuid.UUID(waiting.id)}/")


def _reversal(page: Page, found: Furniture) -> None:
    _payment(page, found)
    page.locator("a[href$='/reverse/']").click()
    expect(page.locator("#foreseen li").first).to_be_visible()


def _reversal_refused(page: Page, found: Furniture) -> None:
    _reversal(page, found)
    page.locator("#amount").fill("99999999999")
    page.locator("#reverse-form [type=submit]").click()
    expect(page.locator("#amount-help")).to_be_visible()


def _contact_refused(page: Page, found: Furniture) -> None:
    _open(page, "/customers/{customer}/", found)
    page.locator("#channel-value").fill("12")
    page.locator(".channel-form [type=submit], form:has(#channel-value) [type=submit]").first.click()
    expect(page.locator("#channel-value-help")).to_be_visible()


def _question(page: Page, found: Furniture) -> None:
    _open(page, "/customers/{customer}/", found)
    page.locator("form[hx-confirm] button").first.click()
    expect(page.locator("#confirm")).to_be_visible()


def _delete_dialog(page: Page, found: Furniture) -> None:
    _open(page, "/customers/{customer}/", found)
    page.locator("a[href$='/delete/']").click()
    expect(page.locator("#delete-form")).to_be_visible()


def _conflict(page: Page, found: Furniture) -> None:
    _open(page, "/customers/{customer}/edit/", found)
    page.locator("#city").fill("Орёл")
    db.session.rollback()
    stored = customers.get(found.customer)
    customers.update(people.CLI, stored.id, stored.version, CustomerData(stored.name, city="Тверь"))
    page.locator(f"#customer-{found.customer} [type=submit]").click()
    expect(page.locator(".stored").first).to_be_visible()


def _file_refused(page: Page, found: Furniture) -> None:
    page.goto("/customers/import/")
    page.locator("#file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"colour,size\nred,7\n"})
    page.locator("#import-form [type=submit]").first.click()
    expect(page.locator("#file-help")).to_be_visible()


def _user_refused(page: Page, found: Furniture) -> None:
    page.goto("/settings/users/create/")
    page.locator("#user-form [type=submit]").click()
    expect(page.locator("#user-form [aria-invalid=true]").first).to_be_visible()


def _token_made(page: Page, _furniture: Furniture) -> None:
    page.goto("/settings/tokens/")
    page.fill("[name=name]", "Warehouse")
    page.check("[value=read]")
    page.click("#token-form button[type=submit]")
    expect(page.locator("#secret")).to_be_focused()


def _password_refused(page: Page, found: Furniture) -> None:
    page.goto("/settings/profile/")
    page.locator("form[action$='/password/'] [type=submit]").click()
    expect(page.locator("#current-help")).to_be_visible()


def _dialog(page: Page, found: Furniture, action: str) -> None:
    _open(page, "/customers/{customer}/", found)
    page.locator(f".wallet-actions a[href*='/{action}/']").click()
    expect(page.locator("#amount")).to_be_focused()


def _deposit(page: Page, found: Furniture) -> None:
    _dialog(page, found, "deposit")
    page.locator("#amount").press_sequentially("1 250,50")
    expect(page.locator(".preview p")).to_contain_text("250")


def _deposited(page: Page, found: Furniture) -> None:
    _deposit(page, found)
    page.locator("#movement-form [type=submit]").click()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(".toast-item").first).to_be_visible()


def _withdrawal_refused(page: Page, found: Furniture) -> None:
    _dialog(page, found, "withdraw")
    page.locator("#amount").fill("99999999999")
    expect(page.locator(".preview strong")).to_be_visible()
    page.locator("#movement-form [type=submit]").click()
    expect(page.locator("#amount-help")).to_be_visible()


def _transfer(page: Page, found: Furniture) -> None:
    _dialog(page, found, "transfer")
    page.locator("#payee").press_sequentially("получ")
    page.locator(".payees input").check()
    page.locator("#amount").press_sequentially("5")
    expect(page.locator(".preview p")).to_contain_text("5")


def _adjustment(page: Page, found: Furniture) -> None:
    _dialog(page, found, "adjust")


def _settings(page: Page, found: Furniture) -> None:
    _open(page, "/customers/{customer}/", found)
    page.locator(".wallet-header a[href*='/settings/']").click()
    expect(page.locator("#wallet-settings")).to_be_visible()


def _settings_refused(page: Page, found: Furniture) -> None:
    _settings(page, found)
    page.locator("#wallet-settings [value=closed]").click()
    expect(page.locator("#status-help")).to_be_visible()


def _new_wallet(page: Page, found: Furniture) -> None:
    _open(page, "/customers/{customer}/", found)
    page.locator(".wallet-header a[href*='/open/']").click()
    expect(page.locator("#open-form")).to_be_visible()


SCREENS = {
    "sign-in": Screen(None, at("/login")),
    "sign-in refused": Screen(None, _refused_sign_in),
    "list": Screen(BORIS, at("/customers/")),
    "list for a viewer": Screen(VERA, at("/customers/?status=&q=ан")),
    "list with filters and hits marked": Screen(BORIS, _filters),
    "list without a match": Screen(BORIS, at("/customers/?q=nobody")),
    "hits of the search box": Screen(BORIS, _hits),
    "user menu": Screen(BORIS, _menu),
    "new customer": Screen(BORIS, _new_customer),
    "new customer who seems to be here": Screen(BORIS, _new_customer_alike),
    "new customer refused": Screen(BORIS, _new_customer_refused),
    "create page refused": Screen(BORIS, _create_refused),
    "customer": Screen(BORIS, at("/customers/{customer}/")),
    "customer for a viewer": Screen(VERA, at("/customers/{customer}/")),
    "customer without a wallet": Screen(BORIS, at("/customers/{poor}/")),
    "frozen wallet": Screen(BORIS, at("/customers/{customer}/?account={frozen}")),
    "history without a match": Screen(VERA, at("/customers/{customer}/?kind=reversal")),
    "deposit dialog": Screen(BORIS, _deposit),
    "deposit done": Screen(BORIS, _deposited),
    "deposit page": Screen(BORIS, at("/customers/{poor}/wallet/deposit/")),
    "withdrawal refused": Screen(BORIS, _withdrawal_refused),
    "transfer dialog": Screen(BORIS, _transfer),
    "transfer page": Screen(BORIS, at("/customers/{customer}/wallet/transfer/")),
    "adjustment dialog": Screen(ALICE, _adjustment),
    "new wallet": Screen(BORIS, _new_wallet),
    "wallet settings": Screen(BORIS, _settings),
    "wallet settings refused": Screen(ALICE, _settings_refused),
    "wallet settings page": Screen(ALICE, at("/customers/{customer}/wallet/{frozen}/settings/")),
    "statement": Screen(VERA, at("/customers/{customer}/wallet/statement/")),
    "statement refused": Screen(VERA, at("/customers/{customer}/wallet/statement/?first=2026-02-01&last=2026-01-01")),
    "list by balance": Screen(VERA, at("/customers/?sort=-balance&currency=USD&debt=1")),
    "technical accounts": Screen(ALICE, at("/accounts/")),
    "technical accounts refused": Screen(VERA, at("/accounts/?first=2026-02-01&last=2026-01-01")),
    "technical account": Screen(VERA, _technical_account),
    "technical account without operations": Screen(VERA, at("/accounts/1/?first=2020-01-01&last=2020-01-31")),
    "operations": Screen(VERA, at("/accounts/operations/")),
    "operations by amount": Screen(VERA, at("/accounts/operations/?customer={customer}&sort=-amount&currency=RUB")),
    "operations refused": Screen(VERA, at("/accounts/operations/?customer=%D0%B0&last=x")),
    "operations without a match": Screen(VERA, at("/accounts/operations/?last=2020-01-31")),
    "payments": Screen(ALICE, at("/payments/")),
    "payments filtered": Screen(VERA, at("/payments/?status=FAILED&currency=RUB&amount_from=1")),
    "payments without a match": Screen(VERA, at("/payments/?kind=conversion")),
    "payments refused": Screen(VERA, at("/payments/?created_from=x&customer=а&q=%00")),
    "payment": Screen(ALICE, _payment),
    "payment that failed": Screen(VERA, _failed_payment),
    "payment that waits": Screen(VERA, _waiting_payment),
    "reversal dialog": Screen(ALICE, _reversal),
    "reversal refused": Screen(ALICE, _reversal_refused),
    "contact refused": Screen(BORIS, _contact_refused),
    "contact page": Screen(BORIS, at("/customers/{customer}/channels/add/")),
    "question": Screen(BORIS, _question),
    "edit": Screen(BORIS, at("/customers/{customer}/edit/")),
    "edit conflict": Screen(BORIS, _conflict),
    "delete dialog": Screen(BORIS, _delete_dialog),
    "delete page": Screen(BORIS, at("/customers/{customer}/delete/")),
    "import form": Screen(BORIS, at("/customers/import/")),
    "import form refused": Screen(BORIS, _file_refused),
    "import in progress": Screen(BORIS, at("/customers/import/{running}/")),
    "import result": Screen(BORIS, at("/customers/import/{over}/")),
    "payment upload": Screen(BORIS, at("/payments/upload/")),
    "payment upload refused": Screen(BORIS, _sheet_refused),
    "payments to be confirmed": Screen(BORIS, _sheet_checked),
    "payments with problems": Screen(BORIS, _sheet_with_problems),
    "batch of payments": Screen(VERA, at("/payments/batches/{batch}/")),
    "batch without a match": Screen(VERA, at("/payments/batches/{batch}/?status=INITIATED")),
    "batches": Screen(BORIS, at("/payments/batches/")),
    "dashboard": Screen(BORIS, at("/")),
    "tokens": Screen(BORIS, at("/settings/tokens/")),
    "a new token": Screen(BORIS, _token_made),
    "the API described": Screen(None, at("/api/v1/docs?q=change+a+customer")),
    "the API described to who is in": Screen(BORIS, at("/api/v1/docs")),
    "profile": Screen(BORIS, at("/settings/profile/")),
    "profile refused": Screen(BORIS, _password_refused),
    "users": Screen(ALICE, at("/settings/users/")),
    "user create refused": Screen(ALICE, _user_refused),
    "user edit": Screen(ALICE, at("/settings/users/{user}/edit/")),
    "audit log": Screen(ALICE, at("/settings/audit/")),
    "commission rules": Screen(ALICE, at("/settings/commission-rules/")),
    "new commission rule": Screen(ALICE, _rule_dialog),
    "commission rule refused": Screen(ALICE, _rule_refused),
    "end of a commission rule": Screen(ALICE, _rule_question),
    "exchange rates": Screen(ALICE, at("/settings/rates/")),
    "exchange rate refused": Screen(ALICE, _rate_refused),
    "history of a rate": Screen(ALICE, at("/settings/rates/USD/RUB/")),
    "pair without a rate": Screen(ALICE, at("/settings/rates/EUR/RUB/")),
    "conversion dialog": Screen(BORIS, _conversion),
    "conversion page": Screen(BORIS, at("/customers/{customer}/wallet/convert/")),
    "conversion without another wallet": Screen(BORIS, at("/customers/{poor}/wallet/convert/")),
    "error": Screen(BORIS, at("/customers/999999999/")),
}
BARE_SCREENS = {
    "empty list": Screen(BORIS, at("/customers/")),
    "empty list for a viewer": Screen(VERA, at("/customers/")),
    "no payments": Screen(BORIS, at("/payments/")),
    "empty dashboard": Screen(BORIS, at("/")),
    "no payment batches": Screen(VERA, at("/payments/batches/")),
    "payment upload without batches": Screen(BORIS, at("/payments/upload/")),
    "nobody's customer": Screen(CARLA, at("/me/")),
    "no imports": Screen(BORIS, at("/customers/import/")),
}
