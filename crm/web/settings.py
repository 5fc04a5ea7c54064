"""The own profile; for administrators the users and the audit trail."""

from flask import Blueprint, Response, request, session, url_for
from flask_login import current_user, login_user

from crm.errors import Invalid
from crm.forms.auth import NewUserForm, PasswordForm, ProfileForm, UserForm
from crm.i18n import gettext as _
from crm.models import Permission
from crm.services import audit, users
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach, go, notify

bp = Blueprint("settings", __name__, url_prefix="/settings")


@bp.get("/")
@requires(Permission.OWN)
def index() -> Response:
    """Settings begin with the own profile."""
    return go(url_for("settings.profile"))


@bp.route("/profile/", methods=["GET", "POST"])
@requires(Permission.OWN)
def profile() -> Response:
    """The own name, language and theme."""
    form = ProfileForm(obj=current_user)
    if request.method == "GET":
        form.locale.data = current_user.locale or ""
        return _profile(form, PasswordForm(formdata=None))
    try:
        given = (form.name.data or "", form.locale.data or None, form.theme.data or "auto")
        users.update_profile(actor(), current_user.id, *given)
    except Invalid as error:
        attach(form, error)
        return _profile(form, PasswordForm(formdata=None), 422)
    session.pop("locale", None)
    session.pop("theme", None)
    notify(_("Saved."))
    return go(url_for("settings.profile"))


@bp.route("/password/", methods=["GET", "POST"])
@requires(Permission.OWN)
def password() -> Response:
    """A new password; every other session of this person ends. The form itself is on the profile."""
    if request.method == "GET":
        return go(url_for("settings.profile"))
    form = PasswordForm()
    try:
        user = users.change_own_password(actor(), current_user.id, form.current.data or "", form.new.data or "")
    except Invalid as error:
        attach(form, error)
        return _profile(ProfileForm(formdata=None, obj=current_user), form, 422)
    login_user(user)
    notify(_("The password was changed. Other sessions were signed out."))
    return go(url_for("settings.profile"))


@bp.get("/users/")
@requires(Permission.ADMIN)
def user_list() -> Response:
    """Everybody who may sign in."""
    return answer("settings/users.html", "settings/_users.html", people=users.list_users())


@bp.route("/users/create/", methods=["GET", "POST"])
@requires(Permission.ADMIN)
def user_create() -> Response:
    """One more person."""
    form = NewUserForm()
    if request.method == "GET":
        return answer("settings/user_create.html", "settings/_user_create_form.html", form=form)
    try:
        given = (form.email.data or "", form.name.data or "", form.role.data or "", form.password.data or "")
        user = users.create(actor(), *given)
    except Invalid as error:
        attach(form, error)
        return answer("settings/user_create.html", "settings/_user_create_form.html", 422, form=form)
    notify(_("%(name)s may sign in now.", name=user.display_name))
    return go(url_for("settings.user_list"))


@bp.route("/users/<int:pk>/edit/", methods=["GET", "POST"])
@requires(Permission.ADMIN)
def user_update(pk: int) -> Response:
    """Role, name, password of a person, and whether they may sign in."""
    person = users.get(pk)
    form = UserForm(obj=person)
    if request.method == "GET":
        return answer("settings/user_edit.html", "settings/_user_edit_form.html", form=form, person=person)
    try:
        users.update(
            actor(),
            pk,
            name=form.name.data or "",
            role=form.role.data or "",
            active=bool(form.active.data),
            password=form.password.data or None,
        )
    except Invalid as error:
        attach(form, error)
        return answer("settings/user_edit.html", "settings/_user_edit_form.html", 422, form=form, person=person)
    notify(_("Saved."))
    return go(url_for("settings.user_list"))


@bp.get("/audit/")
@requires(Permission.ADMIN)
def audit_log() -> Response:
    """Who changed what, newest first."""
    before = request.args.get("before", "")
    page = audit.entries(before=int(before) if before.isdecimal() and len(before) < 19 else None)
    return answer("settings/audit.html", "settings/_audit.html", page=page)


def _profile(form: ProfileForm, password_form: PasswordForm, status: int = 200) -> Response:
    context = {"form": form, "password_form": password_form}
    return answer("settings/profile.html", "settings/_profile.html", status, **context)
