"""Operations for programs: the lines of payments, of all accounts or of one."""

from typing import Any

from pydantic import Field

from crm.api import bp
from crm.api.calls import call
from crm.api.listing import asked, query_of
from crm.api.schemas.operations import OperationList
from crm.models import Permission
from crm.services import account_json, operation_json
from crm.web.guards import owner, requires

_COMMISSION = Field(
    None,
    description="Whether lines of commission are among them. A customer's token sees them where it asks for them.",
    json_schema_extra={"type": "boolean"},
)
QUERY = query_of(operation_json.LISTING, commission=(str | None, _COMMISSION))


@bp.get("/operations")
@requires(Permission.READ, own=True)
@call({200: OperationList}, query=QUERY)
def operation_list() -> Any:
    """List operations"""
    return operation_json.page(asked(), owner())


@bp.get("/accounts/<int:pk>/operations")
@requires(Permission.READ, own=True)
@call({200: OperationList}, query=QUERY)
def account_operations(pk: int) -> Any:
    """List the operations of an account"""
    account_json.one(pk, owner())
    return operation_json.page(asked(), owner(), pk)
