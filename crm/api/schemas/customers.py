"""Customers and their channels, as sent and as told."""

from typing import Literal

from pydantic import Field

from crm.api.schemas.shapes import Cursor, Moment, RowId, Sent, Told
from crm.channel_types import ChannelType
from crm.services.customer_data import ChannelData, CustomerData

Kind = Literal["person", "company"]
Status = Literal["active", "archived"]


class ChannelIn(Sent):
    """A way to reach a customer."""

    type: Literal[tuple(ChannelType)] = Field(examples=["phone"])  # type: ignore[valid-type]
    value: str = Field(examples=["+7 912 345-67-89"])
    label: str = Field("", examples=["work"])
    is_primary: bool = Field(False, description="The main one of its type; the first of a type is by itself.")

    def data(self, field: str = "") -> ChannelData:
        """As the services take it; `field` is where its mistakes are told."""
        return ChannelData(self.type, self.value, self.label, self.is_primary, field=field)


class NewChannel(ChannelIn):
    """One more channel of a customer."""

    allow_duplicate: bool = Field(False, description="Take it although another customer has it (families, firms).")


class CustomerIn(Sent):
    """A new customer."""

    name: str = Field(examples=["Anna Ivanova"])
    kind: Kind = "person"
    external_id: str | None = Field(None, description="Its id in your system, unique.", examples=["CRM-1024"])
    company: str = ""
    city: str = Field("", examples=["Tver"])
    notes: str = ""
    tags: list[str] = Field(default_factory=list, examples=[["vip"]])
    attributes: dict[str, str] = Field(default_factory=dict, description="Fields of your own.")
    channels: list[ChannelIn] = Field(default_factory=list)
    phone: str | None = Field(None, description="Short for a channel.", examples=["+7 912 345-67-89"])
    email: str | None = Field(None, description="Short for a channel.", examples=["anna@example.com"])
    allow_duplicate: bool = Field(False, description="Take channels although another customer has them.")

    def data(self) -> CustomerData:
        """As the services take it."""
        channels = [one.data(f"channels.{place}.value") for place, one in enumerate(self.channels)]
        short = [ChannelData(type_, value) for type_ in ("phone", "email") if (value := getattr(self, type_))]
        own = {name: getattr(self, name) for name in ("name", "kind", "company", "city", "notes", "tags")}
        own["attributes"] = self.attributes
        return CustomerData(**own, external_id=self.external_id or "", channels=channels + short)


class CustomerPatch(Sent):
    """What is to change; what is not named stays."""

    name: str = Field("", examples=["Anna Petrova"])
    kind: Kind = "person"
    external_id: str | None = None
    company: str = ""
    city: str = ""
    notes: str = ""
    tags: list[str] = Field(default_factory=list, description="All tags that the customer is to have.")
    attributes: dict[str, str] = Field(default_factory=dict, description="Those to change; a blank one goes.")
    status: Status = Field("active", description="Put away, or brought back.")

    def changes(self) -> dict[str, object]:
        """The fields that were sent."""
        sent = self.model_dump(exclude_unset=True)
        return sent | {"external_id": sent["external_id"] or ""} if "external_id" in sent else sent


class Channel(Told):
    """A way to reach a customer."""

    id: RowId
    customer_id: RowId
    type: str = Field(examples=["phone"])
    value: str = Field(description="As it was written.", examples=["+7 912 345-67-89"])
    normalized: str = Field(description="As it is compared.", examples=["+79123456789"])
    label: str
    is_primary: bool
    created_at: Moment


class Customer(Told):
    """A customer."""

    id: RowId
    kind: Kind
    status: Status
    name: str = Field(examples=["Anna Ivanova"])
    external_id: str | None
    company: str
    city: str
    notes: str
    phone: str | None = Field(description="The main one.", examples=["+79123456789"])
    email: str | None = Field(description="The main one.", examples=["anna@example.com"])
    tags: list[str]
    attributes: dict[str, str]
    channels: list[Channel]
    version: int = Field(description="Also the ETag, in quotes.")
    created_at: Moment
    updated_at: Moment


class CustomerList(Told):
    """A page of customers."""

    items: list[Customer]
    next_cursor: Cursor
