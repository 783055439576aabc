"""The form of a contact, with the fields that the team gave its contacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms

from letterbook.contacts.fields import ContactFields
from letterbook.contacts.models import Contact, CustomField
from letterbook.contacts.own_fields import FieldKind
from letterbook.contacts.own_values import fields_of_team
from letterbook.contacts.tagging import tags_by_contact
from letterbook.teams.models import Membership

_OWN = "custom-"


class ContactForm(forms.Form):
    """What is known of a person."""

    name = forms.CharField(label="Name", required=False, max_length=200)
    addresses = forms.CharField(
        label="Addresses",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One a line. The first is the one that is written to.",
    )
    job_title = forms.CharField(label="Job title", required=False, max_length=200)
    company = forms.CharField(
        label="Company",
        required=False,
        max_length=200,
        help_text="Left empty, the domain of their address tells it.",
    )
    phone = forms.CharField(label="Phone", required=False, max_length=60)
    tags = forms.CharField(
        label="Tags", required=False, help_text="With commas between them. New ones are made."
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        help_text="Left open, their own emails tell what their clock says.",
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, own: list[CustomField], data: Any, *, initial: Mapping[str, str]) -> None:
        super().__init__(data, initial=dict(initial))
        zones = sorted(zone for zone in available_timezones() if "/" in zone)
        self.fields["time_zone"].choices = [("", "Not set"), *((zone, zone) for zone in zones)]  # type: ignore[attr-defined]  # a ChoiceField
        for field in own:
            self.fields[f"{_OWN}{field.pk}"] = _form_field(field)

    def given(self) -> ContactFields:
        """Return what was filled in, as contacts take it."""
        filled = dict(self.cleaned_data)
        filled.pop("addresses", None)
        custom = {
            name.removeprefix(_OWN): filled.pop(name) for name in list(filled) if _is_own(name)
        }
        tags = [tag for tag in filled.pop("tags").split(",") if tag.strip()]
        filled |= {"tags": tags, "custom": custom}
        return cast(ContactFields, filled)


def contact_form(
    member: Membership, contact: Contact | None, data: Any, **initial: str
) -> ContactForm:
    """Return the form of a new contact, or of one that is known, whose addresses are changed elsewhere."""
    own = fields_of_team(member.team_id)
    if contact is None:
        return ContactForm(own, data, initial=initial)
    tags = ", ".join(tag.name for tag in tags_by_contact(member, [contact])[contact.pk])
    texts = ("name", "job_title", "company", "phone", "note", "time_zone")
    known = {name: getattr(contact, name) for name in texts}
    custom = {f"{_OWN}{key}": text for key, text in contact.custom.items()}
    form = ContactForm(own, data, initial={**known, "tags": tags, **custom})
    del form.fields["addresses"]
    return form


def _is_own(name: str) -> bool:
    return name.startswith(_OWN)


def _form_field(field: CustomField) -> forms.CharField | forms.ChoiceField:
    if field.kind == FieldKind.CHOICE:
        answers = [("", "Not set"), *((one, one) for one in field.choices)]
        return forms.ChoiceField(label=field.name, required=False, choices=answers)
    attributes = {FieldKind.DATE: {"type": "date"}, FieldKind.NUMBER: {"inputmode": "decimal"}}
    kinds: dict[str, dict[str, str]] = {str(kind): one for kind, one in attributes.items()}
    return forms.CharField(
        label=field.name,
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs=kinds.get(field.kind, {})),
    )
