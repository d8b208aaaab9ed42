"""Django's settings: one app, tokens, JSON and two pages, persistent connections and little middleware."""

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

_URL = urlsplit(os.environ["DATABASE_URL"])
_WHERE = parse_qs(_URL.query)

SECRET_KEY = "only for a benchmark on loopback"  # noqa: S105
ALLOWED_HOSTS = ["127.0.0.1"]
DEBUG = False
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
ROOT_URLCONF = "benchmarks.django_way.urls"
WSGI_APPLICATION = "benchmarks.django_way.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "rest_framework.authtoken",
    "benchmarks.django_way",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parents[1] / "page_templates"],
    }
]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
AUTH_USER_MODEL = "django_way.Account"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _URL.path.lstrip("/"),
        "USER": _URL.username or "",
        "HOST": _WHERE.get("host", [_URL.hostname or ""])[0],
        "PORT": _WHERE.get("port", [str(_URL.port or 5432)])[0],
        "CONN_MAX_AGE": None,
    }
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["benchmarks.django_way.tokens.Bearer"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
