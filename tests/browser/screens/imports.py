"""Pages of the import."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import BORIS, VERA
from tests.browser.screens.office import Furniture
from tests.browser.screens.screen import Screen, at, open_at


def _file_refused(page: Page, found: Furniture) -> None:
    page.goto("/customers/import/")
    page.locator("#file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"colour,size\nred,7\n"})
    page.locator("#import-form [type=submit]:not([name])").click()
    expect(page.locator("#file-help")).to_be_visible()


def _for_existing(page: Page, found: Furniture) -> None:
    open_at(page, "/customers/import/{draft}/columns/", found)
    page.locator("#on_duplicate-update").check()
    expect(page.locator("td.map-policy").first).to_be_visible()


def _setup_refused(page: Page, found: Furniture) -> None:
    _for_existing(page, found)
    page.locator("#field-1").select_option("")
    page.locator("#field-3").select_option("phone")
    page.locator("#field-4").select_option("external_id")
    page.locator("fieldset.form-actions .btn-primary").click()
    expect(page.locator("#field-4-help")).to_be_visible()


def _created(page: Page, found: Furniture) -> None:
    open_at(page, "/customers/import/{checked}/", found)
    page.locator("#show-created").click()
    expect(page.locator("#show-created")).to_have_attribute("aria-current", "true")


SCREENS = {
    "import form": Screen(BORIS, at("/customers/import/")),
    "import form refused": Screen(BORIS, _file_refused),
    "import in progress": Screen(BORIS, at("/customers/import/{running}/")),
    "import result": Screen(BORIS, at("/customers/import/{over}/")),
    "undo of an import": Screen(BORIS, at("/customers/import/{over}/undo/")),
    "import being set up": Screen(BORIS, at("/customers/import/{draft}/columns/")),
    "import for existing customers": Screen(BORIS, _for_existing),
    "import set up wrongly": Screen(BORIS, _setup_refused),
    "import draft for a viewer": Screen(VERA, at("/customers/import/{draft}/")),
    "import checked": Screen(BORIS, at("/customers/import/{checked}/?show=updated")),
    "import checked, all rows": Screen(BORIS, at("/customers/import/{checked}/?show=all")),
    "import checked, new customers": Screen(BORIS, _created),
}
BARE = {
    "no imports": Screen(BORIS, at("/customers/import/")),
}
