"""The settings of commissions: which rules are in force, to come and past; added with an example, and ended."""

from itertools import groupby

from flask import Blueprint, Response, make_response, render_template, request, url_for

from crm.errors import Invalid
from crm.forms.prices import PAYMENT_NAMES, CommissionRuleForm
from crm.i18n import gettext as _
from crm.models import Permission
from crm.models.ledger import PaymentKind
from crm.services import commission_rules, currencies
from crm.services.commission_rules import Standing, State
from crm.services.commission_terms import RuleData, checked
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach, go, notify
from crm.web.price_words import rule_example, rule_name

bp = Blueprint("commission_rules", __name__, url_prefix="/settings/commission-rules")


@bp.get("/")
@requires(Permission.ADMIN)
def rule_list() -> Response:
    """What is taken for payments of each kind, and what was."""
    found = commission_rules.listed()
    current = [one for one in found if one.state != State.PAST]
    by_kind = groupby(current, lambda one: one.row.payment_kind)
    grouped: dict[str, list[Standing]] = {kind: list(group) for kind, group in by_kind}
    groups = [(name, grouped.get(kind, [])) for kind, name in PAYMENT_NAMES.items()]
    past = sorted((one for one in found if one.state == State.PAST), key=lambda one: -one.row.id)
    return answer("commission_rules/list.html", "commission_rules/_rules.html", groups=groups, past=past)


@bp.route("/add/", methods=["GET", "POST"])
@requires(Permission.ADMIN)
def rule_add() -> Response:
    """One more rule, which takes the place of the one for the same payments."""
    form = _offered(CommissionRuleForm())
    if request.method == "GET":
        form.payment_kind.data = PaymentKind.TRANSFER.value
        return _form(form)
    try:
        row = commission_rules.add(actor(), _data(form))
    except Invalid as error:
        attach(form, error)
        return _form(form, 422)
    notify(_("The rule was added: %(rule)s", rule=rule_name(commission_rules.rule_of(row))))
    return go(url_for("commission_rules.rule_list"))


@bp.get("/preview/")
@requires(Permission.ADMIN)
def rule_preview() -> Response:
    """What the rule that is being typed would take of an example; what is no rule yet is no fault."""
    form = _offered(CommissionRuleForm(request.args, meta={"csrf": False}))
    try:
        example = rule_example(checked(_data(form))[0])
    except Invalid as error:
        example = error.message
    return make_response(render_template("commission_rules/_example.html", example=example))


@bp.route("/<int:pk>/end/", methods=["GET", "POST"])
@requires(Permission.ADMIN)
def rule_end(pk: int) -> Response:
    """A question, and the end of the rule."""
    standing, problem = commission_rules.get(pk), ""
    if request.method == "POST":
        try:
            commission_rules.end(actor(), pk)
            notify(_("The rule was ended: %(rule)s", rule=rule_name(standing.rule)))
            return go(url_for("commission_rules.rule_list"))
        except Invalid as error:
            problem = error.message
    context = {"one": standing, "problem": problem}
    return answer("commission_rules/end.html", "commission_rules/_end_form.html", 422 if problem else 200, **context)


def _offered(form: CommissionRuleForm) -> CommissionRuleForm:
    form.offer(currencies.codes())
    return form


def _data(form: CommissionRuleForm) -> RuleData:
    return RuleData(**{name: form[name].data or "" for name in RuleData.__dataclass_fields__})


def _form(form: CommissionRuleForm, status: int = 200) -> Response:
    return answer("commission_rules/add.html", "commission_rules/_rule_form.html", status, form=form, example="")
