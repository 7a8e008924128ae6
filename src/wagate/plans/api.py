"""The routes of plans, for those who run the gateway."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from wagate.core.ids import AccountId
from wagate.plans.errors import PlanAccountNotFound
from wagate.plans.model import Plan
from wagate.plans.service import Plans
from wagate.web.auth import PlatformAccess
from wagate.web.models import ApiModel, ApiRequest
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter

#: Counters are 32 bits in PostgreSQL.
_Limit = Annotated[int, Field(ge=0, le=2_000_000_000)]


class PlanBody(ApiModel):
    """What an account may use; null is no limit."""

    sessions: int | None
    messages_per_day: int | None
    messages_per_month: int | None
    first_contacts_per_day: int | None
    """Most first messages of a number a day; null for the gateway's setting, 0 for no such protection."""


class PutPlan(ApiRequest):
    """The plan to give; what is left out or null is not limited."""

    sessions: _Limit | None = None
    messages_per_day: _Limit | None = None
    messages_per_month: _Limit | None = None
    first_contacts_per_day: _Limit | None = None
    """Most first messages of a number a day; null for the gateway's setting, 0 for no such protection."""


def router(plans: Plans) -> APIRouter:
    """The routes of plans."""
    routes = ApiRouter(tags=["administration"])

    @routes.get("/api/admin/accounts/{account_id}/plan", responses=problem_responses(PlanAccountNotFound))
    async def get_plan(account_id: AccountId, _principal: PlatformAccess) -> PlanBody:
        """What an account may use."""
        return _body(await plans.get(account_id))

    @routes.put("/api/admin/accounts/{account_id}/plan", responses=problem_responses(PlanAccountNotFound))
    async def put_plan(account_id: AccountId, body: PutPlan, principal: PlatformAccess) -> PlanBody:
        """Give an account a plan, in place of the one it had. What was sent earlier this day and month counts."""
        plan = Plan(
            sessions=body.sessions,
            messages_per_day=body.messages_per_day,
            messages_per_month=body.messages_per_month,
            first_contacts_per_day=body.first_contacts_per_day,
        )
        return _body(await plans.put(principal, account_id, plan))

    return routes


def _body(plan: Plan) -> PlanBody:
    return PlanBody(
        sessions=plan.sessions,
        messages_per_day=plan.messages_per_day,
        messages_per_month=plan.messages_per_month,
        first_contacts_per_day=plan.first_contacts_per_day,
    )
