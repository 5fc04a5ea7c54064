"""What a column's name tells about the channels in it: whether they are of work, of home … Pure."""

import re

from crm.i18n import lazy_gettext as _l
from crm.text import fold

_WORDS = re.compile(r"[^\W\d_]+")
_LABELS = (
    (_l("Mobile"), "mobile cell моб мобильный сотовый переносной"),
    (_l("Work"), "work business office company corporate раб рабочий рабочая служебный корпоративный корпоративная"
     " организации"),
    (_l("Home"), "home personal private дом домашний домашняя личный личная частный частная"),
    (_l("Other"), "other another additional другой другая доп дополнительный дополнительная"),
)  # fmt: skip
_LABEL_OF = {word: label for label, words in _LABELS for word in words.split()}


def label_of(column: str) -> str:
    """The label of the channels in a column, in the reader's language, by its name; '' where it tells none.

    >>> label_of("Рабочий телефон"), label_of("Home Phone 2"), label_of("Phone")
    ('Work', 'Home', '')
    """
    words = _WORDS.findall(fold(column))
    return next((str(_LABEL_OF[word]) for word in words if word in _LABEL_OF), "")
