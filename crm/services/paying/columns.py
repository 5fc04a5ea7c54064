"""Which column of a spreadsheet of payments holds what, and the words that its cells may say. Pure."""

from collections.abc import Sequence

from crm.models.ledger import PaymentKind, TechnicalCode
from crm.services.importing.columns import Header, best_header, known_names, recognise
from crm.text import fold

# In order of preference, as in `import_columns`.
_NAMES = {
    "kind": "kind, payment kind, type, payment type, operation, operation type, вид, вид платежа, тип, тип платежа,"
    " операция, вид операции, тип операции",
    "account": "account, wallet, from account, from wallet, account id, wallet id, account number, wallet number, счёт,"
    " кошелёк, со счёта, с кошелька, номер счёта, номер кошелька, id счёта, id кошелька, счёт списания,"
    " счёт плательщика, кошелёк плательщика",
    "customer": "customer, customer key, client, from customer, payer, from, external id, customer id, client id,"
    " email, phone, клиент, ключ клиента, плательщик, от кого, код клиента, внешний код, id клиента, заказчик,"
    " покупатель, контрагент, почта, эл почта, электронная почта, телефон",
    "to_account": "to account, to wallet, payee account, payee wallet, recipient account, recipient wallet, на счёт,"
    " на кошелёк, счёт получателя, кошелёк получателя, счёт зачисления",
    "to_customer": "to customer, payee, recipient, to client, to, получатель, кому, клиент получатель",
    "amount": "amount, sum, payment amount, total, value, сумма, сумма платежа, сумма операции, итого",
    "currency": "currency, currency code, валюта, код валюты, валюта платежа",
    "to_currency": "to currency, target currency, в валюту, валюта получения, валюта зачисления",
    "source": "source, method, payment method, way, by, источник, способ, способ оплаты, способ платежа, чем",
    "description": "description, purpose, comment, note, reason, details, memo, описание, назначение,"
    " назначение платежа, комментарий, примечание, основание, причина",
    # Not "number" or "no": what counts the rows of every file anew would take next month's payments for this month's.
    "key": "key, idempotency key, payment key, payment id, reference, document number, ключ, ключ платежа, id платежа,"
    " номер платежа, номер документа, № платежа, № документа",
}
FIELDS = tuple(_NAMES)
_KNOWN = known_names(_NAMES)

_KINDS = {
    PaymentKind.DEPOSIT: "deposit, top up, пополнение, зачисление, поступление, внесение",
    PaymentKind.WITHDRAWAL: "withdrawal, withdraw, payout, вывод, выплата, снятие",
    PaymentKind.SPEND: "spend, purchase, sale, покупка, оплата, продажа",
    PaymentKind.TRANSFER: "transfer, перевод",
    PaymentKind.ADJUSTMENT: "adjustment, correction, корректировка, исправление",
    PaymentKind.CONVERSION: "conversion, convert, exchange, конвертация, обмен, обмен валюты",
}
_SOURCES = {
    TechnicalCode.BANK_TRANSFER: "bank_transfer, bank transfer, bank, банковский перевод, банк, безналичный",
    TechnicalCode.CASH: "cash, наличные, наличными, касса",
    TechnicalCode.CARD: "card, bank card, карта, картой, банковская карта",
    TechnicalCode.E_WALLET: "e_wallet, e-wallet, ewallet, электронный кошелёк, эл. кошелёк",
    TechnicalCode.CRYPTO: "crypto, cryptocurrency, криптовалюта, крипта",
}
KIND_OF = {fold(word.strip()): kind for kind, words in _KINDS.items() for word in words.split(",")}
SOURCE_OF = {fold(word.strip()): code for code, words in _SOURCES.items() for word in words.split(",")}
CURRENCY_OF = {
    fold(sign): code
    for code, signs in {"RUB": "₽ руб руб. рубль рубли", "USD": "$ доллар доллары", "EUR": "€ евро"}.items()
    for sign in signs.split()
}


def find_header(records: Sequence[Sequence[str]]) -> Header | None:
    """The record that names the most columns, if an amount and somebody who pays or is paid are among them."""
    return best_header(records, lambda columns: recognise(columns, _KNOWN), _fits)


def _fits(header: Header) -> bool:
    return {"amount", "kind"} <= set(header.mapping) and bool({"account", "customer"} & set(header.mapping))
