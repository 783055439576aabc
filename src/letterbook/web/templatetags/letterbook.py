"""The filters and tags of Letterbook's pages: {% load letterbook %}.

Filters that compare with the present take it as an argument (`|ago:shell.at`) or read the clock: a page is the edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from django import template
from django.forms import BoundField
from django.forms.widgets import (
    CheckboxInput,
    Select,
    Textarea,
)
from django.http import HttpRequest
from django.template.defaultfilters import stringfilter
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from letterbook.web.templatetags import figures, stamps, times

register = template.Library()
register.filter("thousands", figures.thousands)
register.filter("counted", figures.counted)
register.filter("file_size", figures.file_size)
register.filter("share_of", figures.share)
register.filter("meter_share_of", figures.meter_share)
# People come as a name or as the person, whose name is what they are called.
register.filter("initials", stringfilter(figures.initials))
register.filter("stamp", stamps.stamp_of)
register.filter("time_of_day", times.time_of_day)
register.filter("date_and_time", times.date_and_time)
register.filter("for_machines", times.for_machines)

# The class of each kind of form field; what is not listed here is a line of text. Sets of choices: field.html.
_FIELD_CLASSES = (
    (CheckboxInput, "checkbox checkbox-sm checkbox-primary"),
    (Select, "select w-full"),
    (Textarea, "textarea w-full"),
)
_THEMES = ("paper", "ink")


@register.filter
def day_heading(moment: datetime, at: datetime | None = None) -> str:
    """Return the heading of a day in a timeline."""
    return times.day_heading(moment, at=at or timezone.now())


@register.filter
def short_when(moment: datetime, at: datetime | None = None) -> str:
    """Return when something was, as short as it can be told apart."""
    return times.short_when(moment, at=at or timezone.now())


@register.filter
def ago(moment: datetime, at: datetime | None = None) -> str:
    """Return how long ago something was, or in how long it will be."""
    return times.ago(moment, at=at or timezone.now())


@register.filter
def since(moment: datetime, at: datetime | None = None) -> str:
    """Return how long something has lasted by now: 2 days."""
    return times.ago(moment, at=at or timezone.now()).removesuffix(" ago")


@register.filter
def seconds_until(moment: datetime, at: datetime | None = None) -> int:
    """Return how many seconds are left, for a countdown."""
    return times.seconds_until(moment, at=at or timezone.now())


@register.filter
def duration(span: timedelta | float, precision: Literal["", "fine"] = "") -> str:
    """Return a span of time in at most two units."""
    return times.duration(span, precision=precision)


@register.filter
def widget(field: BoundField) -> SafeString:
    """Return a form field's input with the class of its kind."""
    kinds = (name for kind, name in _FIELD_CLASSES if isinstance(field.field.widget, kind))
    attributes: dict[str, str | bool] = {"class": next(kinds, "input w-full")}
    # What stands above the field is not said in it again.
    if field.field.widget.attrs.get("placeholder") == field.label:
        attributes["placeholder"] = ""
    return field.as_widget(attrs=attributes)


@register.filter
def label(field: BoundField) -> str:
    """Return what a form field is called; allauth writes Every Word Large, we do not."""
    is_ours = type(field.form).__module__.startswith("letterbook.")
    return str(field.label) if is_ours else str(field.label).capitalize()


@register.filter
def is_left_open(field: BoundField) -> bool:
    """Return whether a form field may stay empty where another of its form may not."""
    return not field.field.required and any(one.required for one in field.form.fields.values())


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Return whether a form field is a single box to tick, whose label stands behind it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.simple_tag(takes_context=True)
def current(context: Mapping[str, Any], begins: str) -> str:
    """Return aria-current where the address of the page shown begins with one of these words; Today's is `-`."""
    request = context.get("request")
    if request is None or getattr(request, "resolver_match", None) is None:
        return ""
    first, _, rest = request.path.lstrip("/").partition("/")
    if (first or "-") not in begins.split():
        return ""
    return mark_safe('aria-current="true"') if rest else mark_safe('aria-current="page"')


@register.simple_tag(takes_context=True)
def theme(context: Mapping[str, Any]) -> str:
    """Return data-theme="…" where the person chose a theme, nothing where the system decides."""
    request = context.get("request")
    chosen = chosen_theme(request) if request else ""
    return mark_safe(f'data-theme="{chosen}"') if chosen else ""  # noqa: S308 - one of two words


def chosen_theme(request: HttpRequest) -> str:
    """Return the theme that the person chose, or "" where the system decides."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in _THEMES else ""
