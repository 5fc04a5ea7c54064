"""Every page of the product in every state that looks different, brought up in any language."""

from tests.browser.screens import accounts, customers, exports, imports, payments, prices, proofs, shell, wallet
from tests.browser.screens.office import Furniture, furnish
from tests.browser.screens.screen import Screen, at

__all__ = ["BARE_SCREENS", "SCREENS", "Furniture", "Screen", "at", "furnish"]
SCREENS: dict[str, Screen] = {}
for _noun in (accounts, customers, exports, imports, payments, prices, proofs, shell, wallet):
    SCREENS |= _noun.SCREENS
BARE_SCREENS: dict[str, Screen] = (
    customers.BARE | exports.BARE | imports.BARE | payments.BARE | proofs.BARE | shell.BARE
)
