"""Telling a mailbox's owner by email that somebody broke the glass; never what any email says."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from letterbook.correspondence.models import Admission


def tell_of_broken_glass(admission_id: UUID) -> None:
    """Write to the owner of the mailbox who opened it, why and until when; raise where that cannot be sent."""
    broken = Admission.objects.select_related("mailbox__owner", "user", "team").get(pk=admission_id)
    until = f"{broken.ends_at:%-d %B %Y, %H:%M} UTC"
    page = settings.BASE_URL + reverse("who-may-see", args=[broken.mailbox_id])
    EmailMessage(
        subject=f"Letterbook: {broken.user} opened your mailbox",
        body="\n".join(
            [
                f"{broken.user} opened {broken.mailbox.address} in {broken.team}, as somebody who administers it.",
                "",
                f"Their reason: {broken.reason}",
                f"They may read it until {until}. What you made private by hand stays shut.",
                "",
                f"What they read: {page}",
                "",
            ]
        ),
        to=[broken.mailbox.owner.email],
        headers={"Auto-Submitted": "auto-generated"},
    ).send()
