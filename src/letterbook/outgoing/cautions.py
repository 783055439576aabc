"""What a careful reader would ask before an email is sent. Cautions warn and never keep anything from being sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from letterbook.contacts.models import ContactAddress
from letterbook.correspondence.later_facts import addresses_that_bounced
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.mime.html import html_to_text
from letterbook.mime.look_alikes import shown_domain
from letterbook.mime.promised_files import promised_file
from letterbook.mime.quoting import QuotedText, split_quoted
from letterbook.outgoing.colleagues import Doing, Encounter, encounters
from letterbook.outgoing.fitting import files_size, sent_size
from letterbook.outgoing.models import OutgoingEmail, Recipient, RecipientKind
from letterbook.outgoing.strange_domains import strange_domains
from letterbook.outgoing.unfilled import unfilled_fields
from letterbook.outgoing.unsubscriptions import unsubscribed_at
from letterbook.teams.models import Membership

# Many mail servers take no more, whatever Gmail sends.
LARGE = 10_000_000
MANY = 6
MANY_DOMAINS = 4


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to look at again: what it is, in words, at which field; `address` where it is about one recipient."""

    code: str
    words: str
    field: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class _Letter:
    """The email as its cautions look at it."""

    email: OutgoingEmail
    recipients: tuple[Recipient, ...]
    text: QuotedText
    has_picture: bool


def cautions_of(email: OutgoingEmail, *, member: Membership, at: datetime) -> tuple[Caution, ...]:
    """Return what is worth a second look before an email leaves, in the order of its fields; raise `NotFound`.

    The number of queries does not grow with the number of recipients.
    """
    letter = _read(email, member)
    found = [
        *_about_people(letter, member, at=at),
        *_about_words(letter),
        *_about_files(letter),
    ]
    order = ("to", "cc", "bcc", "subject", "html", "file")
    return tuple(sorted(found, key=lambda one: order.index(one.field)))


def _read(email: OutgoingEmail, member: Membership) -> _Letter:
    own = OutgoingEmail.objects.writable_by(member).prefetch_related("recipients")
    found = own.filter(pk=email.pk).first()
    if found is None:
        raise NotFound("There is no such email.")
    return _Letter(
        email=found,
        recipients=tuple(sorted(found.recipients.all(), key=lambda row: row.position)),
        text=split_quoted(html_to_text(found.html)),
        has_picture="<img" in found.html,
    )


def _about_people(letter: _Letter, member: Membership, *, at: datetime) -> Iterator[Caution]:
    own = own_addresses(member.team_id)
    outside = tuple(one for one in letter.recipients if one.key not in own)
    yield from _bounced(member, outside)
    if letter.email.asks_unsubscribe:
        yield from _unsubscribed(member, outside)
    yield from _look_alikes(member, outside)
    yield from _colleagues(member, outside, at=at)
    yield from _many(letter, outside)


def _bounced(member: Membership, recipients: Iterable[Recipient]) -> Iterator[Caution]:
    by_address = {one.address: one for one in recipients}
    for address, bounce in addresses_that_bounced(member, by_address).items():
        words = f"{address} did not exist when somebody wrote to it on {bounce.at:%-d %B %Y}."
        yield Caution("bounced_address", words, by_address[address].kind, address)


def _unsubscribed(member: Membership, recipients: Iterable[Recipient]) -> Iterator[Caution]:
    by_key = {one.key: one for one in recipients}
    for key, at in unsubscribed_at(member, by_key).items():
        one = by_key[key]
        words = f"{one.address} asked on {at:%-d %B %Y} not to get such mail."
        yield Caution("unsubscribed", words, one.kind, one.address)


def _look_alikes(member: Membership, recipients: Iterable[Recipient]) -> Iterator[Caution]:
    unknown = [one for one in recipients if one.contact_id is None]
    strange = strange_domains(member, {_domain(one) for one in unknown})
    for one in unknown:
        if known := strange.get(_domain(one)):
            words = (
                f"{one.address} looks like an address at {shown_domain(known)}, but is another one."
            )
            yield Caution("look_alike", words, one.kind, one.address)


def _domain(recipient: Recipient) -> str:
    return recipient.key.rpartition("@")[2]


def _colleagues(
    member: Membership, recipients: tuple[Recipient, ...], *, at: datetime
) -> Iterator[Caution]:
    keys = _every_address(recipients)
    met: set[tuple[Doing, str, int]] = set()
    for one in encounters(member, keys, at=at):
        recipient = keys[one.address_key]
        if (one.doing, one.who, recipient.pk) not in met:
            met.add((one.doing, one.who, recipient.pk))
            words = _words_of(one, recipient, at=at)
            yield Caution(f"colleague_{one.doing.value}", words, recipient.kind, recipient.address)


def _every_address(recipients: tuple[Recipient, ...]) -> dict[str, Recipient]:
    """Return the recipients by address, those that their contacts have besides included."""
    by_contact = {one.contact_id: one for one in recipients if one.contact_id}
    rows = ContactAddress.objects.filter(contact_id__in=by_contact)
    others = {key: by_contact[contact] for key, contact in rows.values_list("key", "contact_id")}
    return others | {one.key: one for one in recipients}


def _words_of(met: Encounter, recipient: Recipient, *, at: datetime) -> str:
    whom = recipient.name or recipient.address
    if met.doing == Doing.WRITING:
        return f"{met.who} is writing to {whom} too."
    if met.doing == Doing.QUEUED:
        return f"{met.who} has an email to {whom} waiting to be sent."
    return f"{met.who} wrote to {whom} {_ago(at - met.at)}."


def _ago(passed: timedelta) -> str:
    minutes = max(1, round(passed.total_seconds() / 60))
    if minutes < 60:
        return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"
    hours = round(minutes / 60)
    return "an hour ago" if hours == 1 else f"{hours} hours ago"


def _many(letter: _Letter, outside: tuple[Recipient, ...]) -> Iterator[Caution]:
    """Those who see one another's addresses although nothing says that they know one another."""
    openly = [one for one in outside if one.kind != RecipientKind.BCC]
    domains = {_domain(one) for one in openly}
    if letter.email.answers_id is None and len(openly) >= MANY and len(domains) >= MANY_DOMAINS:
        words = f"All {len(openly)} people will see one another's addresses; Bcc keeps them apart."
        yield Caution("many_recipients", words, "to")


def _about_words(letter: _Letter) -> Iterator[Caution]:
    if not letter.email.subject.strip():
        yield Caution("empty_subject", "The email has no subject.", "subject")
    if _is_empty(letter):
        yield Caution("empty_text", "You have written nothing yet.", "html")
    for field, name in unfilled_fields(letter.email, letter.text):
        yield Caution("unfilled_field", f"“{name}” is not filled in.", field)


def _is_empty(letter: _Letter) -> bool:
    if letter.text.own.strip():
        return False
    is_passed_on = bool(letter.text.quoted) and letter.email.answers_id is None
    return not is_passed_on and (bool(letter.text.quoted) or not letter.has_picture)


def _about_files(letter: _Letter) -> Iterator[Caution]:
    has_file = letter.email.attachments.filter(content_id="").exists()
    promise = "" if has_file else promised_file(letter.text.own)
    if promise:
        yield Caution("forgotten_file", f"You write “{promise}”, but no file is attached.", "file")
    size = sent_size(files_size(letter.email)) + len(letter.email.html)
    if size > LARGE:
        words = (
            f"With its files this email has about {size / 1e6:.0f} MB;"
            " many mailboxes take no more than 10."
        )
        yield Caution("very_large", words, "file")
