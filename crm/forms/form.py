"""What every form has in common."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict


class Form(FlaskForm):
    """A form with its CSRF token. It reads form fields alone: a JSON body is the API's affair, and of any shape."""

    class Meta(FlaskForm.Meta):
        """How the form reads what was sent."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """The fields that were sent, or those that were given."""
            if request.is_json and not isinstance(formdata, MultiDict):
                return None
            return super().wrap_formdata(form, formdata)
