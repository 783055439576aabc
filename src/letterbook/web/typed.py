"""What stands in the composer: read from a request, from a draft, or begun afresh."""

from __future__ import annotations

from dataclasses import dataclass, replace

from letterbook.kit.ids import new_id
from letterbook.mailboxes.signatures import signature_for
from letterbook.mime.html import text_to_html
from letterbook.mime.marked_html import begin_html
from letterbook.outgoing.drafts import DraftText
from letterbook.outgoing.models import OutgoingEmail
from letterbook.teams.models import Membership
from letterbook.web.requests import MemberRequest
from letterbook.web.senders import senders_of
from letterbook.web.way_back import safe_path

ADDRESS_FIELDS = ("to", "cc", "bcc")
_LONGEST_VERSION = 12
_MOST_WEIGHED = 50


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed, and the draft's version they saw; `key` tells one opened form from another.

    `weighed` names the cautions they were shown already.
    """

    text: DraftText
    sender: str = ""
    version: int = 0
    key: str = ""
    back: str = ""
    send_at: str = ""
    zone: str = ""
    weighed: tuple[str, ...] = ()

    def with_version(self, version: int) -> Typed:
        """The same, to be kept over this version."""
        return replace(self, version=version)

    def with_back(self, back: str) -> Typed:
        """The same, to return elsewhere."""
        return replace(self, back=back)

    def with_weighed(self, more: tuple[str, ...]) -> Typed:
        """The same, with these cautions shown too."""
        return replace(self, weighed=tuple(dict.fromkeys(self.weighed + more)))


def blank(member: Membership, *, to: str = "") -> Typed:
    """Return an empty email with the signature of the person's usual address."""
    # Where none can be used now, the first all the same: what is written has to be kept somewhere.
    sender = next(iter(senders_of(member)), None)
    if sender is None:
        return Typed(text=DraftText(to=to), key=str(new_id()))
    signature = signature_for(sender.mailbox, sender.address)
    html = begin_html(signature=signature) if signature else ""
    return Typed(text=DraftText(to=to, html=html), sender=sender.value, key=str(new_id()))


def read_typed(request: MemberRequest) -> Typed:
    """Return what the form of the composer holds."""
    posted = request.POST
    # Without scripting the text comes as plain text, under another name.
    plain = posted.get("html_text")
    return Typed(
        text=DraftText(
            to=posted.get("to", ""),
            cc=posted.get("cc", ""),
            bcc=posted.get("bcc", ""),
            subject=posted.get("subject", ""),
            html=posted.get("html", "") if plain is None else text_to_html(plain),
            from_address=posted.get("from", "").partition("|")[2],
            # A form that does not ask leaves it as it is.
            is_private="private" in posted.getlist("keeps") if "keeps" in posted else None,
        ),
        sender=posted.get("from", ""),
        version=read_version(posted.get("version", "")),
        key=posted.get("key", "")[:40],
        back=safe_path(posted.get("back", "")),
        send_at=posted.get("send_at", ""),
        zone=posted.get("zone", "")[:60],
        weighed=tuple(posted.getlist("weighed")[:_MOST_WEIGHED]),
    )


def read_version(text: str) -> int:
    """Return the version that a field or a button names, 0 for none."""
    return int(text) if text.isdecimal() and len(text) < _LONGEST_VERSION else 0


def typed_of(email: OutgoingEmail) -> Typed:
    """Return what a draft holds, as it was typed."""
    rows = sorted(email.recipients.all(), key=lambda row: row.position)
    to, cc, bcc = (
        ", ".join(row.as_typed() for row in rows if row.kind == kind) for kind in ADDRESS_FIELDS
    )
    text = DraftText(
        to, cc, bcc, email.subject, email.html, email.from_address, is_private=email.is_private
    )
    return Typed(
        text=text, sender=f"{email.mailbox_id}|{email.from_address}", version=email.version
    )
