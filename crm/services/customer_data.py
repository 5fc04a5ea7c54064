"""What a customer's fields may hold: the one place that checks them, for forms, the API and imports alike. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crm.channel_types import ChannelError, normalize
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.models.customer import KINDS
from crm.text import fold, has_control, squeeze

LIMITS = {
    "name": 200,
    "company": 200,
    "city": 100,
    "notes": 10_000,
    "external_id": 100,
    "label": 50,
    "attribute": 500,
}
TAG_LIMIT, TAGS_LIMIT = 50, 20
CHANNELS_LIMIT = 500  # at once
ATTRIBUTE_NAME_LIMIT, ATTRIBUTES_LIMIT = 50, 30


@dataclass
class ChannelData:
    """A channel as typed; `normalized` is filled in by `clean_channel`. Its mistakes are told at `field`, or at its
    type where that is blank.
    """

    type: str
    value: str
    label: str = ""
    is_primary: bool = False
    normalized: str = ""
    field: str = ""


@dataclass
class CustomerData:
    """A customer as typed, or cleaned by `clean`; blank is ''.

    Attributes are texts under names of the business's own. A change sets those that it names and takes away those
    that it names with ''; the others stay.
    """

    name: str
    kind: str = "person"
    company: str = ""
    city: str = ""
    notes: str = ""
    external_id: str = ""
    tags: list[str] = field(default_factory=list)
    channels: list[ChannelData] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)


def clean(data: CustomerData, region: str) -> CustomerData:
    """A copy with every field cleaned and every channel normalized; the first channel of a type becomes primary
    where none was marked, and repeated channels fall together.

    Raises `Invalid` with all that is wrong, by field; a channel's field is its type (`phone`, `email`, …) where
    it says no other.
    """
    errors: dict[str, list[str]] = {}
    cleaned = CustomerData(name="")
    for name in ("name", "company", "city", "notes", "external_id"):
        try:
            setattr(cleaned, name, clean_text(name, getattr(data, name)))
        except ValueError as error:
            errors.setdefault(name, []).append(str(error))
    if data.kind not in KINDS:
        errors["kind"] = [_("Choose a person or a company.")]
    cleaned.kind = data.kind
    try:
        cleaned.tags = clean_tags(data.tags)
    except ValueError as error:
        errors["tags"] = [str(error)]
    try:
        cleaned.attributes = clean_attributes(data.attributes)
    except ValueError as error:
        errors["attributes"] = [str(error)]
    if len(data.channels) > CHANNELS_LIMIT:
        errors["channels"] = [too_many_channels()]
    for channel in data.channels[:CHANNELS_LIMIT]:
        try:
            cleaned.channels.append(clean_channel(channel, region))
        except ValueError as error:
            errors.setdefault(channel.field or channel.type, []).append(str(error))
    if errors:
        raise Invalid(errors)
    cleaned.channels = settle(cleaned.channels)
    return cleaned


def too_many_channels() -> str:
    """What is said of more contacts than a customer may come with."""
    return _("There are more than %(count)d contacts.", count=CHANNELS_LIMIT)


def clean_text(name: str, value: str) -> str:
    """The field's text without stray blanks (notes keep their lines); ValueError says what is wrong."""
    text = value.replace("\r\n", "\n").strip() if name == "notes" else squeeze(value)
    if has_control(text):
        raise ValueError(_("This has characters that cannot be shown."))
    if len(text) > LIMITS[name]:
        raise ValueError(_("This is longer than %(count)d characters.", count=LIMITS[name]))
    if name == "name" and not text:
        raise ValueError(_("Enter a name."))
    return text


def split_tags(text: str) -> list[str]:
    """The tags in a text, between commas or semicolons; not cleaned yet."""
    return text.replace(";", ",").split(",")


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Tags without blanks and repetitions (compared folded); ValueError says what is wrong."""
    unique: dict[str, str] = {}
    for tag in map(squeeze, tags):
        if has_control(tag) or "," in tag or ";" in tag:
            raise ValueError(_("A tag has characters that it cannot have."))
        if len(tag) > TAG_LIMIT:
            raise ValueError(_("A tag is longer than %(count)d characters.", count=TAG_LIMIT))
        if tag:
            unique.setdefault(fold(tag), tag)
    if len(unique) > TAGS_LIMIT:
        raise ValueError(_("There are more than %(count)d tags.", count=TAGS_LIMIT))
    return list(unique.values())


def clean_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Attributes with their names and texts cleaned; ValueError says what is wrong."""
    cleaned = {squeeze(name): clean_text("attribute", value) for name, value in attributes.items()}
    for name in cleaned:
        if not name or has_control(name):
            raise ValueError(_("The name of an attribute cannot be blank or have characters that cannot be shown."))
        if len(name) > ATTRIBUTE_NAME_LIMIT:
            limit = ATTRIBUTE_NAME_LIMIT
            raise ValueError(_("The name of an attribute is longer than %(count)d characters.", count=limit))
    if len(cleaned) > ATTRIBUTES_LIMIT:
        raise ValueError(_("There are more than %(count)d attributes.", count=ATTRIBUTES_LIMIT))
    return cleaned


def merged(before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The attributes after a change that gives some of them; those given as '' are gone. ValueError where they are too
    many together.

    >>> merged({"Size": "M", "Manager": "Olga"}, {"Size": "", "Source": "Fair"})
    {'Manager': 'Olga', 'Source': 'Fair'}
    """
    after = {name: value for name, value in {**before, **given}.items() if value}
    if len(after) > max(ATTRIBUTES_LIMIT, len(before)):
        raise ValueError(_("There are more than %(count)d attributes.", count=ATTRIBUTES_LIMIT))
    return after


def clean_channel(channel: ChannelData, region: str) -> ChannelData:
    """The channel with its normalized value; ValueError (`ChannelError`) says what is wrong."""
    normalized = normalize(channel.type, channel.value, region)
    try:
        label = clean_text("label", channel.label) if channel.label else ""
    except ValueError as error:
        raise ChannelError(str(error)) from None
    return ChannelData(channel.type, squeeze(channel.value), label, channel.is_primary, normalized, channel.field)


def settle(channels: list[ChannelData]) -> list[ChannelData]:
    """The channels without repetitions, exactly one of each type primary: the first where none was marked."""
    unique: dict[tuple[str, str], ChannelData] = {}
    primary: dict[str, ChannelData] = {}
    for channel in channels:
        kept = unique.setdefault((channel.type, channel.normalized), channel)
        if channel.is_primary:
            primary.setdefault(channel.type, kept)
    for channel in unique.values():
        channel.is_primary = primary.setdefault(channel.type, channel) is channel
    return list(unique.values())
