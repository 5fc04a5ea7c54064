"""A wallet's settings: its name for managers; its status and its overdraft for administrators."""

import pytest

from crm.services import accounts
from tests import money, people
from tests.web import wallets
from tests.web.pages import page, toast


def address(customer, account, action: str = "settings") -> str:
    return f"{wallets.address(customer)}{account}/{action}/"


def found(customer, account):
    return accounts.wallet(customer.id, account)


def test_a_manager_renames_it(manager, boris, anna, purse, trail):
    trail()
    answer = manager.post(address(anna, purse), data={"name": " На  отпуск "})
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/?account={purse}")
    assert found(anna, purse).name == "На отпуск"
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.changes) == ("account.updated", boris.id, {"name": ["", "На отпуск"]})
    assert "The name was saved." in page(manager.get(answer.location)).one(id="toasts").text


@pytest.mark.parametrize(
    ("action", "form", "said"),
    [
        ("settings", {"name": "Savings"}, "The name was saved."),
        ("overdraft", {"overdraft_limit": "1 500,50"}, "The overdraft limit was saved."),
        ("status", {"status": "frozen"}, "The wallet is frozen now."),
    ],
)
def test_in_place_it_is_the_wallets_as_they_are_now(admin, anna, purse, action, form, said):
    answer = admin.post(address(anna, purse, action), data=form, htmx=True)
    assert [root["id"] for root in page(answer).roots] == [f"wallet-{anna.id}"] and toast(answer) == said
    assert answer.headers["HX-Retarget"] == f"#wallet-{anna.id}"
    wallet = found(anna, purse)
    assert [wallet.name, wallet.overdraft_limit, wallet.status] != ["", 0, "open"]


def test_an_administrator_freezes_it_puts_it_in_use_again_and_closes_an_empty_one(admin, anna, purse):
    empty = money.wallet_of(anna.id)
    for account, status in ((purse, "frozen"), (purse, "open"), (empty, "closed"), (empty, "open")):
        assert admin.post(address(anna, account, "status"), data={"status": status}).status_code == 303
        assert found(anna, account).status == status


def test_an_overdraft_is_typed_as_money_of_the_wallet(admin, anna):
    yen = accounts.open_wallet(people.CLI, anna.id, "USD")
    for text, minor in (("12,5", 1250), ("0", 0), ("1 000.01", 100001)):
        assert admin.post(address(anna, yen, "overdraft"), data={"overdraft_limit": text}).status_code == 303
        assert found(anna, yen).overdraft_limit == minor
    assert page(admin.get(address(anna, yen))).value("overdraft_limit") == "1000.01"


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("action", "field", "value"),
    [
        *(("settings", "name", value) for value in ("x" * 101, "a\x07b")),
        *(("overdraft", "overdraft_limit", value) for value in ("", "-1", "1.001", "1,250.00", "NaN", "9" * 30, "1e3")),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_kept(admin, anna, purse, nothing_changes, action, field, value, htmx):
    with nothing_changes():
        answer = admin.post(address(anna, purse, action), data={field: value}, htmx=htmx)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (422, not htmx) and shown.error(field)
    assert shown.value(field) == value


def test_less_than_what_is_overdrawn_is_refused_at_the_limit(admin, anna, nothing_changes):
    owing = money.wallet_of(anna.id, overdraft=500)
    money.SERVICE.spend(owing, 300)
    with nothing_changes():
        answer = admin.post(address(anna, owing, "overdraft"), data={"overdraft_limit": "2.99"})
    assert page(answer).error("overdraft_limit") == "More than that is overdrawn now."


@pytest.mark.parametrize("status", ["closed", "", "x", "OPEN", "open\x00"])
def test_what_cannot_be_is_said_at_the_status(admin, anna, purse, nothing_changes, status):
    with nothing_changes():
        answer = admin.post(address(anna, purse, "status"), data={"status": status})
    shown = page(answer)
    message = shown.one(id="status-help", role="alert").text
    assert (answer.status_code, bool(message)) == (422, True)
    assert {one.get("aria-describedby") for one in (button.attrs for button in shown.all("button", name="status"))} == {
        "status-help"
    }
    if status == "closed":
        assert message == "Only an empty wallet can be closed."


def test_a_manager_is_offered_the_name_alone(manager, admin, anna, purse):
    mine, theirs = page(manager.get(address(anna, purse))), page(admin.get(address(anna, purse), htmx=True))
    assert mine.is_whole and [root["id"] for root in theirs.roots] == ["wallet-settings"]
    assert (mine.all(id="overdraft_limit"), mine.all("button", name="status")) == ([], [])
    assert [button["value"] for button in theirs.all("button", name="status")] == ["frozen", "closed"]


@pytest.mark.parametrize("status", ["frozen", "closed"])
def test_a_wallet_that_is_off_says_so_and_offers_no_movement(manager, viewer, anna, status):
    account = money.wallet_of(anna.id)
    accounts.set_status(people.CLI, account, status)
    shown = page(manager.get(f"/customers/{anna.id}/?account={account}"))
    buttons = shown.all("button", class_="btn", aria_describedby="wallet-off")
    assert len(buttons) == 4 and all("disabled" in button.attrs for button in buttons)
    assert f"This wallet is {status}" in shown.one(id="wallet-off").text
    assert shown.one("li", class_="account-off")["id"] == f"account-{account}"
    assert not shown.all(
        "a", inside=f"wallet-{anna.id}", href=f"/customers/{anna.id}/wallet/deposit/?account={account}"
    )
    assert f"This wallet is {status}" in page(viewer.get(f"/customers/{anna.id}/")).one(id="wallet-off").text


def test_an_open_wallet_has_all_its_buttons(manager, anna, purse):
    shown = page(manager.get(f"/customers/{anna.id}/"))
    assert not shown.all(id="wallet-off") and not [one for one in shown.all("button") if "disabled" in one.attrs]


def test_strangers_lookers_customers_missing_ones_and_other_methods(
    client, viewer, stranger, manager, admin, anna, purse, nothing_changes
):
    form, other = {"name": "x", "status": "frozen", "overdraft_limit": "1"}, money.wallet()
    with nothing_changes():
        assert wallets.statuses([client, viewer, stranger], address(anna, purse), form) == [
            [302, 302],
            [403, 403],
            [404, 404],
        ]
        for action in ("status", "overdraft"):
            got = [one.post(address(anna, purse, action), data=form).status_code for one in (client, manager, stranger)]
            assert got == [302, 403, 404]
            assert admin.get(address(anna, purse, action)).status_code == 405
        for nobody in (other, money.technical("cash"), 10**12):
            for action in ("settings", "status", "overdraft"):
                assert admin.post(address(anna, nobody, action), data=form).status_code == 404
            assert admin.get(address(anna, nobody)).status_code == 404
        assert manager.put(address(anna, purse), data=form).status_code == 405
