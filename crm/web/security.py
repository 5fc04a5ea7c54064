"""Headers that keep browsers from running, framing or caching what they should not."""

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # Tabler draws its select arrows and check marks from data: images
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class PageSessions(SecureCookieSessionInterface):
    """Sessions in signed cookies, of pages alone: a cookie on a static file would keep browsers from caching it, and
    hand it to everybody behind a shared cache.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the session along, but for a static file (the page that says there is none writes to it) and for
        programs, which have none.
        """
        is_page = request.endpoint == "api.docs" or not request.path.startswith("/api/")
        if is_page and not request.path.startswith(f"{app.static_url_path}/"):
            super().save_session(app, session, response)


def init_app(app: Flask) -> None:
    """Add the headers to every answer."""
    app.session_interface = PageSessions()

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        if app.config["CRM_ENV"] == "production":
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint != "static":
            headers["Cache-Control"] = "no-store"
        elif "v" in request.args:
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
