"""What technical accounts are called."""

from typing import Any

from crm.forms.wallet import SOURCE_NAMES
from crm.i18n import lazy_gettext as _l
from crm.models.ledger import TechnicalCode

CODE_NAMES: dict[str, Any] = {code.value: name for code, name in SOURCE_NAMES.items()} | {
    TechnicalCode.SALES.value: _l("Sales"),
    TechnicalCode.COMMISSION.value: _l("Commission"),
    TechnicalCode.ADJUSTMENT.value: _l("Adjustments"),
    TechnicalCode.CONVERSION.value: _l("Conversion"),
    TechnicalCode.OPENING.value: _l("Balances brought over"),
}
