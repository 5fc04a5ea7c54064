"""What went wrong, as it is told."""

from pydantic import BaseModel, ConfigDict, Field


class Owner(BaseModel):
    """The customer who has the channel already."""

    id: int
    name: str
    url: str


class Problem(BaseModel):
    """Problem details by RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Unprocessable Entity"])
    status: int = Field(examples=[422])
    detail: str = Field(description="A sentence, in the language of the one who asks.")
    request_id: str = Field(description="As in X-Request-Id, for whoever looks into the log.")
    errors: dict[str, list[str]] | None = Field(None, description="The messages by field, by its path in the body.")
    code: str | None = Field(None, description="Why money cannot be moved, in one word.")
    indexes: list[int] | None = Field(None, description="Which payments of a batch, from 0, have a key used before.")
    owner: Owner | None = Field(None, description="Who has the channel already.")
