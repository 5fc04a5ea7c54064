"""Uploading a spreadsheet of payments, and accepting it."""

from wtforms import FileField

from crm.forms.form import Form
from crm.i18n import lazy_gettext as _l


class PaymentUploadForm(Form):
    """A spreadsheet of payments."""

    file = FileField(_l("File"), render_kw={"accept": ".csv,.tsv,.txt,.xlsx"})
