"""The customer form, in the list, on its own page and in the API."""

from typing import Any

import wtforms
from wtforms import BooleanField, FieldList, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from crm.channel_types import NAMES, ChannelType
from crm.errors import Invalid
from crm.forms.form import Form
from crm.i18n import gettext as _
from crm.i18n import lazy_gettext as _l
from crm.models import Customer
from crm.services.customer_data import ChannelData, CustomerData, split_tags
from crm.text import squeeze

KIND_NAMES = [SelectChoice("person", _l("Person")), SelectChoice("company", _l("Company"))]


_BLANK_PAIRS = 3  # attributes that may be added at once; saved, there are as many again


class AttributeForm(wtforms.Form):
    """A field of the business's own: `was` is what it was called, so that it may get another name."""

    was = HiddenField()
    name = StringField(_l("Name of the field"), render_kw={"autocomplete": "off", "maxlength": 50})
    value = StringField(_l("Value"), render_kw={"autocomplete": "off", "maxlength": 500})


class CustomerForm(Form):
    """A customer's own fields; `tags` are words between commas."""

    name = StringField(_l("Name"), render_kw={"autocomplete": "off", "maxlength": 200})
    kind = SelectField(_l("Kind"), choices=KIND_NAMES, default="person", validate_choice=False)
    company = StringField(_l("Company"), render_kw={"autocomplete": "off", "maxlength": 200})
    city = StringField(_l("City"), render_kw={"autocomplete": "off", "maxlength": 100})
    tags = StringField(_l("Tags"), render_kw={"autocomplete": "off"}, description=_l("Separate them with commas."))
    external_id = StringField(_l("External ID"), render_kw={"autocomplete": "off", "maxlength": 100})
    notes = TextAreaField(_l("Notes"), render_kw={"rows": 4})
    attributes = FieldList(FormField(AttributeForm), _l("More fields"), max_entries=60)
    version = HiddenField()

    def data_given(self) -> CustomerData:
        """What was typed, for the services."""
        return CustomerData(
            name=self.name.data or "",
            kind=self.kind.data or "person",
            company=self.company.data or "",
            city=self.city.data or "",
            notes=self.notes.data or "",
            external_id=self.external_id.data or "",
            tags=split_tags(self.tags.data or ""),
            attributes=self._attributes_given(),
        )

    def _attributes_given(self) -> dict[str, str]:
        pairs = [(pair["was"] or "", squeeze(pair["name"] or ""), pair["value"] or "") for pair in self.attributes.data]
        named = [name for _was, name, _value in pairs if name]
        if len(set(named)) < len(named):
            raise Invalid({"attributes": [_("Two of these fields have the same name.")]})
        gone = {was: "" for was, _name, _value in pairs if was}
        return gone | {name: value for _was, name, value in pairs if name or value.strip()}

    def fill(self, customer: Customer) -> None:
        """Show the customer as stored."""
        for name in ("name", "kind", "company", "city", "notes", "external_id", "version"):
            self[name].data = getattr(customer, name) or ""
        self.tags.data = ", ".join(tag.name for tag in customer.tags)
        for name, value in customer.attributes.items():
            self.attributes.append_entry({"was": name, "name": name, "value": value})
        for _blank in range(_BLANK_PAIRS):
            self.attributes.append_entry()


class NewCustomerForm(CustomerForm):
    """The same with a first phone and e-mail."""

    phone = StringField(_l("Phone"), render_kw={"autocomplete": "off", "inputmode": "tel", "maxlength": 300})
    email = StringField(_l("E-mail"), render_kw={"autocomplete": "off", "inputmode": "email", "maxlength": 300})
    allow_duplicate = HiddenField()

    def data_given(self) -> CustomerData:
        """What was typed, with the channels that are not blank."""
        data = super().data_given()
        for type_ in ("phone", "email"):
            value = (self[type_].data or "").strip()
            if value:
                data.channels.append(ChannelData(type_, value))
        return data


class ChannelForm(Form):
    """One way to reach a customer."""

    type = SelectField(
        _l("Type"), choices=[SelectChoice(type_.value, NAMES[type_]) for type_ in ChannelType], validate_choice=False
    )
    value = StringField(_l("Number, address or name"), render_kw={"autocomplete": "off", "maxlength": 300})
    label = StringField(_l("Label"), render_kw={"autocomplete": "off", "maxlength": 50}, description=_l("Work, home …"))
    is_primary = BooleanField(_l("Main one"))
    allow_duplicate = HiddenField()

    def data_given(self) -> ChannelData:
        """What was typed, for the services."""
        return ChannelData(
            self.type.data or "", self.value.data or "", self.label.data or "", bool(self.is_primary.data)
        )


def customer_from_json(body: Any) -> tuple[CustomerData, bool]:
    """A JSON body as (customer, allow_duplicate); `phone` and `email` are short for channels.

    Raises `Invalid` naming the fields that are unknown or of the wrong type.
    """
    if not isinstance(body, dict):
        raise Invalid({"": [_("Send a JSON object.")]})
    texts = ("name", "kind", "company", "city", "notes", "external_id", "phone", "email")
    errors = {name: [_("There is no such field.")] for name in body if name not in (*texts, *_LISTS, "allow_duplicate")}
    errors |= {name: [_("This must be text.")] for name in texts if not isinstance(body.get(name), str | None)}
    if not isinstance(body.get("allow_duplicate"), bool | None):
        errors["allow_duplicate"] = [_("This must be true or false.")]
    data = CustomerData(name="")
    for name, read in (("tags", _tags), ("channels", _channels)):
        try:
            setattr(data, name, read(body.get(name)))
        except Invalid as error:
            errors |= error.fields
    if errors:
        raise Invalid(errors)
    for name in texts[:6]:
        setattr(data, name, body.get(name) or getattr(data, name))
    data.channels += [ChannelData(type_, body[type_]) for type_ in ("phone", "email") if body.get(type_)]
    return data, body.get("allow_duplicate") is True


_LISTS = ("tags", "channels")


def _tags(value: Any) -> list[str]:
    if isinstance(value, str):
        return split_tags(value)
    if not isinstance(value, list | None) or not all(isinstance(tag, str) for tag in value or []):
        raise Invalid({"tags": [_("This must be a list of texts.")]})
    return list(value or [])


def _channels(value: Any) -> list[ChannelData]:
    channels = []
    if not isinstance(value, list | None):
        raise Invalid({"channels": [_("This must be a list.")]})
    for channel in value or []:
        texts = {"type": "", "value": "", "label": ""}
        if not isinstance(channel, dict) or not all(isinstance(channel.get(name), str | None) for name in texts):
            raise Invalid({"channels": [_("Each contact needs a type and a value, both text.")]})
        if set(channel) - {*texts, "is_primary"} or not isinstance(channel.get("is_primary"), bool | None):
            raise Invalid({"channels": [_("A contact has the fields type, value, label and is_primary.")]})
        given = {name: channel.get(name) or "" for name in texts}
        channels.append(ChannelData(**given, is_primary=bool(channel.get("is_primary"))))
    return channels
