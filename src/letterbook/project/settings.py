"""Django's settings. They only read the environment: starting a database is the command line's business."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from letterbook.project import environment
from letterbook.project.environment import BadSetting
from letterbook.project.logs import configure_logs

HOME = environment.home()
DEMO = environment.read_flag("LETTERBOOK_DEMO")
DEBUG = False
BASE_URL = environment.read("LETTERBOOK_BASE_URL", "http://127.0.0.1:8025").rstrip("/")
_BASE = urlsplit(BASE_URL)
if _BASE.scheme not in {"http", "https"} or not _BASE.hostname:
    raise BadSetting(
        f"LETTERBOOK_BASE_URL is {BASE_URL!r}; it must look like https://letterbook.example.com."
    )

# Keys: the first seals, all of them open. Django's own signing key is derived from the same list.
SECRET_KEYS = [
    key for key in environment.read("LETTERBOOK_SECRET_KEYS").replace(",", " ").split() if key
]
SECRET_KEY = (
    SECRET_KEYS[0] if SECRET_KEYS else "only for commands that neither sign nor seal anything"
)
SECRET_KEY_FALLBACKS = SECRET_KEYS[1:]

GOOGLE_CLIENT_ID = environment.read("LETTERBOOK_GOOGLE_CLIENT_ID")
GOOGLE_CLIENT_SECRET = environment.read("LETTERBOOK_GOOGLE_CLIENT_SECRET")
GOOGLE_AUTH_URL = environment.read("LETTERBOOK_GOOGLE_AUTH_URL")
GOOGLE_TOKEN_URL = environment.read("LETTERBOOK_GOOGLE_TOKEN_URL")
GOOGLE_REVOKE_URL = environment.read("LETTERBOOK_GOOGLE_REVOKE_URL")
GMAIL_API_URL = environment.read("LETTERBOOK_GMAIL_API_URL")

METRICS_TOKEN = environment.read("LETTERBOOK_METRICS_TOKEN")

# Times that tests shorten; the defaults are what docs/settings.md promises.
RETRIEVE_EVERY_SECONDS = environment.read_seconds("LETTERBOOK_RETRIEVE_EVERY_SECONDS", 300)
UNDO_SECONDS = environment.read_seconds("LETTERBOOK_UNDO_SECONDS", 10)
PROVIDER_TIMEOUT_SECONDS = environment.read_seconds("LETTERBOOK_PROVIDER_TIMEOUT_SECONDS", 60)
DELIVERY_LEASE_SECONDS = environment.read_seconds("LETTERBOOK_DELIVERY_LEASE_SECONDS", 200)
UNCONFIRMED_AFTER_SECONDS = environment.read_seconds("LETTERBOOK_UNCONFIRMED_AFTER_SECONDS", 900)
SWEEP_EVERY_SECONDS = environment.read_seconds("LETTERBOOK_SWEEP_EVERY_SECONDS", 30)
# What Gmail allows one mailbox: 6,000 units a minute, of which an email takes 131. 0 is no limit of our own.
GMAIL_UNITS_PER_MINUTE = environment.read_number(
    "LETTERBOOK_GMAIL_UNITS_PER_MINUTE", 6_000
) or float("inf")
SENDS_PER_MINUTE = environment.read_number("LETTERBOOK_SENDS_PER_MINUTE", 45) or float("inf")
SENDS_AT_ONCE = int(environment.read_number("LETTERBOOK_SENDS_AT_ONCE", 2)) or 1
WORKER_STALLED_SECONDS = environment.read_seconds("LETTERBOOK_WORKER_STALLED_SECONDS", 30)


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise BadSetting(
            f"DATABASE_URL begins with {parts.scheme}://; Letterbook needs postgresql://."
        )
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "postgres",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # A unix socket's folder comes as ?host=/folder.
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"pool": {"min_size": 0, "max_size": 16, "timeout": 10}, **options},
        # A connection that a restart of the database cut is replaced before a request meets it; it costs 0.1 ms.
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database(environment.read("DATABASE_URL", "postgresql:///letterbook"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    # Before allauth: its own templates for signing in must not win.
    "letterbook.web",
    "allauth",
    "allauth.account",
    "django_htmx",
    "pgtrigger",
    "procrastinate.contrib.django",
    "letterbook.teams",
    "letterbook.contacts",
    "letterbook.mailboxes",
    "letterbook.pictures",
    "letterbook.correspondence",
    "letterbook.timeline",
    "letterbook.outgoing",
    "letterbook.incoming",
    "letterbook.api",
    "letterbook.project",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "letterbook.web.static_files.StaticFiles",
    "letterbook.web.middleware.content_security_policy",
    "letterbook.web.middleware.see_what_became",
    "letterbook.web.middleware.say_that_it_is_no_page",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *(["letterbook.web.demo.signed_in_visitor"] if DEMO else []),
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "letterbook.web.middleware.signed_in_member",
    "letterbook.web.middleware.show_refusals",
]
ROOT_URLCONF = "letterbook.project.urls"
ASGI_APPLICATION = "letterbook.project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "letterbook.web.context.shell",
            ],
            "builtins": [
                "letterbook.web.templatetags.page_team",
                "letterbook.web.templatetags.drawn",
            ],
        },
    },
]

AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "letterbook.web.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "letterbook.web.accounts.SignUpForm"
# Whoever signs up holds an invitation link or is the first owner; there may be no way to send email yet.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_PREVENT_ENUMERATION = True
# A stranger cannot make us write to any address they type.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Letterbook: "
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "today"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

_SECURE = _BASE.scheme == "https"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", _BASE.hostname]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_NAME = "__Host-letterbook" if _SECURE else "letterbook"
if DEMO:
    # Cookies do not tell ports apart: a demo beside an installation must not end its visitors' sessions there.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "letterbook-demo", "letterbook-demo-csrf"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
DATA_UPLOAD_MAX_MEMORY_SIZE = 40 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

USE_TZ = True
TIME_ZONE = environment.read("LETTERBOOK_TIME_ZONE", "UTC")
LANGUAGE_CODE = "en-gb"

DEFAULT_FROM_EMAIL = environment.read("LETTERBOOK_NOTICES_FROM", f"letterbook@{_BASE.hostname}")


def _notices(url: str) -> dict[str, Any]:
    """How Letterbook's own notices (password resets) leave: by SMTP, or into files where none is configured."""
    if not url:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(HOME / "notices"),
        }
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"}:
        raise BadSetting(
            "LETTERBOOK_SMTP_URL must look like smtp://user:password@host:587 or smtps://…."
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_TIMEOUT": 20,
    }


globals().update(_notices(environment.read("LETTERBOOK_SMTP_URL")))

LOGGING_CONFIG = None
configure_logs(as_json=environment.read_flag("LETTERBOOK_JSON_LOGS"))
