"""Which interface answers which path."""

from __future__ import annotations

from django.http import Http404
from django.urls import URLPattern, URLResolver, include, path
from django.views.defaults import page_not_found

from letterbook.api.urls import api
from letterbook.project import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("letterbook.web.urls")),
    path("api/v1/", api.urls),
    # An invitation is for who has its address, so nobody takes an address by typing it.
    path("accounts/email/", page_not_found, {"exception": Http404()}),
    path("accounts/", include("allauth.account.urls")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", health.metrics),
]
