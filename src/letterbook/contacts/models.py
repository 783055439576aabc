"""Contacts and the addresses they use."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone

from letterbook.contacts.bulk_edits import BulkEdit as BulkEdit
from letterbook.contacts.companies import Company as Company
from letterbook.contacts.companies import CompanyDomain as CompanyDomain
from letterbook.contacts.erased import ErasedAddress as ErasedAddress
from letterbook.contacts.erased import ErasureKey as ErasureKey
from letterbook.contacts.erased import NotTheSame as NotTheSame
from letterbook.contacts.merges import ContactMerge as ContactMerge
from letterbook.contacts.own_fields import CustomField as CustomField
from letterbook.contacts.own_fields import Tag as Tag
from letterbook.contacts.splits import ContactSplit as ContactSplit
from letterbook.kit.ids import new_id
from letterbook.teams.models import Membership, Team, User


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, member: Membership) -> ContactQuerySet:
        """Contacts belong to the whole team."""
        return self.filter(team_id=member.team_id)


class Contact(models.Model):
    """A person the team writes with."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200, blank=True)
    job_title = models.CharField(max_length=200, blank=True)
    # As somebody typed it, or a file told it. `employer` follows from it and from the addresses; see employers.py.
    company = models.CharField(max_length=200, blank=True)
    employer = models.ForeignKey(
        Company, models.SET_NULL, null=True, blank=True, related_name="people", db_index=False
    )
    phone = models.CharField(max_length=60, blank=True)
    note = models.TextField(blank=True)
    # As the team's tags and fields are named in own_fields.py; what is no longer among those is not shown.
    tag_ids = ArrayField(
        models.UUIDField(),
        default=list,
        db_default=Value([], ArrayField(models.UUIDField())),
        blank=True,
    )
    custom = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    time_zone = models.CharField(max_length=64, blank=True, default="", db_default="")
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    # Legal hold: an admin forbids that anything of the contact is deleted or erased, and says why.
    held_at = models.DateTimeField(null=True, blank=True)
    held_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    hold_reason = models.CharField(max_length=500, blank=True, default="", db_default="")
    # The digits of the telephone number, however it is written; nothing where they are too few to be one.
    digits = models.GeneratedField(
        expression=Func(F("phone"), function="letterbook_digits"),
        output_field=models.CharField(max_length=60, null=True, db_collation="C"),
        db_persist=True,
        null=True,
    )
    # What lists are sorted by, and what is searched: both follow from the fields above and the addresses; see
    # indexing.py.
    sort_key = models.CharField(max_length=320, blank=True)
    words = SearchVectorField(null=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        indexes = [
            # The contact list: by folded name within a team, keyset-paged. The type-ahead walks it too when the few
            # letters typed so far fit many.
            models.Index(fields=["team", "sort_key", "id"], name="contact_by_team_and_name"),
            # The search box and the type-ahead: `words @@ 'ann':*`, a prefix search without reading the table.
            GinIndex("words", name="contact_by_words"),
            # The list by when they were added.
            models.Index(fields=["team", "-created_at", "-id"], name="contact_by_team_and_age"),
            # A company's people, and the list narrowed to them.
            models.Index(
                fields=["employer", "sort_key", "id"],
                name="contact_by_employer",
                condition=Q(employer__isnull=False),
            ),
            # The list narrowed to an owner, to a tag, to a value of a field of the team's own.
            models.Index(
                fields=["team", "owner", "sort_key", "id"],
                name="contact_by_owner_and_name",
            ),
            # Contacts that may be one person: numbers that several have.
            models.Index(
                fields=["team", "digits"],
                name="contact_by_digits",
                condition=Q(digits__isnull=False),
            ),
            GinIndex("tag_ids", name="contact_by_tag"),
            GinIndex(OpClass("custom", name="jsonb_path_ops"), name="contact_by_custom"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(held_at__isnull=True, hold_reason="")
                | (Q(held_at__isnull=False) & ~Q(hold_reason="")),
                name="contact_held_means_a_reason",
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="held_stays",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__held_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        if self.name:
            return self.name
        first = min(
            self.addresses.all(),
            key=lambda address: (not address.is_primary, address.pk),
            default=None,
        )
        return first.address if first else "Nameless contact"

    @property
    def employer_name(self) -> str:
        """What their company is called: as it was typed, else as the company of their domain is."""
        return self.company or (self.employer.name if self.employer else "")


class ContactAddressQuerySet(models.QuerySet["ContactAddress"]):
    def visible_to(self, member: Membership) -> ContactAddressQuerySet:
        """Addresses of the team's contacts."""
        return self.filter(team_id=member.team_id)


class ContactAddress(models.Model):
    """One address of a contact. `key` is the form in which two spellings are equal; unique within the team."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="addresses")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    address = models.CharField(max_length=320)
    key = models.CharField(max_length=320)
    # The address without what its owner may put into it: "+shop" anywhere, dots at Gmail.
    plain = models.GeneratedField(
        expression=Func(F("key"), function="letterbook_plain_address"),
        output_field=models.CharField(max_length=320, null=True, db_collation="C"),
        db_persist=True,
        null=True,
    )
    is_primary = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ContactAddressQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "key"], name="contact_address_once_per_team"),
            models.UniqueConstraint(
                fields=["contact"],
                condition=models.Q(is_primary=True),
                name="contact_one_primary_address",
            ),
            models.CheckConstraint(condition=~models.Q(key=""), name="contact_address_not_empty"),
        ]
        indexes = [
            # Contacts that may be one person: two spellings of one address.
            models.Index(fields=["team", "plain"], name="contact_address_by_plain")
        ]
        triggers = [
            pgtrigger.Trigger(
                name="held_stays",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF EXISTS (SELECT FROM contacts_contact c
                               WHERE c.id = OLD.contact_id AND c.held_at IS NOT NULL) THEN
                        RAISE EXCEPTION 'the contact is under legal hold' USING ERRCODE = '23514';
                    END IF;
                    RETURN OLD;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.address
