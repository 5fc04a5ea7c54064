"""Uploading a file of customers."""

from wtforms import FileField, RadioField
from wtforms.fields.choices import SelectChoice

from crm.forms.form import Form
from crm.i18n import lazy_gettext as _l

DUPLICATE_NAMES = [
    SelectChoice("skip", _l("Leave existing customers as they are")),
    SelectChoice("update", _l("Update existing customers")),
    SelectChoice("create", _l("Create a new customer for every row")),
]


ENDINGS = ".csv,.tsv,.txt,.xlsx,.xlsm,.xlsb,.xls,.ods,.htm,.html,.json,.jsonl,.ndjson"


class ImportForm(Form):
    """A file, and what to do with customers who are there already."""

    file = FileField(_l("File"), render_kw={"accept": ENDINGS})
    on_duplicate = RadioField(_l("If a customer exists already"), choices=DUPLICATE_NAMES, default="skip")
