"""The permanent history of an email: one line for each move of its status."""

from __future__ import annotations

import pgtrigger
from django.db import models

from letterbook.outgoing.actors import ActorKind
from letterbook.outgoing.status import Status
from letterbook.teams.models import Team, User


class StatusChange(models.Model):
    """A permanent line: from which status to which, when, by whom, why.

    PostgreSQL numbers each line and chains it: its hash covers its own content and the hash of the line before it.
    """

    email = models.ForeignKey(
        "outgoing.OutgoingEmail", models.CASCADE, related_name="status_changes"
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    old = models.CharField(max_length=10, choices=Status.choices, blank=True)
    new = models.CharField(max_length=10, choices=Status.choices)
    at = models.DateTimeField()
    actor = models.CharField(max_length=10, choices=ActorKind.choices)
    # The token that a program acted with.
    actor_name = models.CharField(max_length=80, blank=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    number = models.PositiveIntegerField(default=0, editable=False)
    hash = models.BinaryField(max_length=32, default=b"")
    # When its words went, with whoever they named: the line keeps its hash, and so its place (decision 0016).
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # An email's story, in order.
        constraints = [
            models.UniqueConstraint(fields=["email", "number"], name="status_change_number_once")
        ]
        triggers = [
            pgtrigger.Trigger(
                name="append_only",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF TG_OP = 'DELETE' OR NEW.erased_at IS NULL OR NEW.reason <> '' OR NEW.error <> ''
                        OR to_jsonb(OLD) - '{erased_at,reason,error}'::text[]
                            IS DISTINCT FROM to_jsonb(NEW) - '{erased_at,reason,error}'::text[] THEN
                        RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;
                    END IF;
                    RETURN NEW;
                """,
            ),
            # The email's row is locked already by whoever moves it; the hash function is the migration's.
            pgtrigger.Trigger(
                name="chained",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    SELECT history_length + 1, history_hash INTO NEW.number, NEW.hash
                        FROM outgoing_outgoingemail WHERE id = NEW.email_id FOR NO KEY UPDATE;
                    NEW.hash = outgoing_change_hash(NEW.hash, NEW);
                    UPDATE outgoing_outgoingemail
                        SET history_length = NEW.number, history_hash = NEW.hash WHERE id = NEW.email_id;
                    RETURN NEW;
                """,
            ),
        ]
