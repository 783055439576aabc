"""Django's `csrf_token`, which besides says of which team the form's page is: built into every template."""

from __future__ import annotations

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from letterbook.web.page_team import FIELD

register = template.Library()


class _OfTeamNode(CsrfTokenNode):
    def render(self, context: Context) -> str:
        member = getattr(context.get("request"), "member", None)
        token = super().render(context)
        if not member:
            return token
        return token + format_html(
            '<input type="hidden" name="{}" value="{}">', FIELD, member.team_id
        )


@register.tag
def csrf_token(_parser: Parser, _token: Token) -> _OfTeamNode:
    """Write the hidden fields that every form of ours has."""
    return _OfTeamNode()


@register.simple_tag(takes_context=True)
def form_fields(context: Context) -> SafeString:
    """Return the same fields, for the forms of what is drawn by `draw`."""
    return mark_safe(_OfTeamNode().render(context))  # noqa: S308 - Django wrote it
