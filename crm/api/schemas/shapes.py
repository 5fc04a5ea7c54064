"""What all shapes have in common, and the few kinds of values that they are made of."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, Strict

MOMENT_PATTERN = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$"
AMOUNT_PATTERN = r"^-?\d+(\.\d+)?$"


class Sent(BaseModel):
    """What a program sends: fields that are not known are refused, and nothing is taken for something else."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Told(BaseModel):
    """What a program is told, all of it and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)


RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
PaymentId = Annotated[
    str, Field(json_schema_extra={"format": "uuid"}, examples=["01a2138e-26ab-7be4-9a71-c4f0f3a1d2b3"])
]
Moment = Annotated[str, Field(pattern=MOMENT_PATTERN, json_schema_extra={"format": "date-time"})]
MomentIn = Annotated[AwareDatetime, Strict(False)]
Amount = Annotated[str, Field(pattern=AMOUNT_PATTERN, examples=["1250.00"])]
AmountIn = Annotated[
    str, Field(pattern=r"^\d{1,16}(\.\d{1,4})?$", description="With a dot, never a float.", examples=["1250.00"])
]
Cursor = Annotated[str | None, Field(description="Send it as `cursor` for what follows; null on the last page.")]
