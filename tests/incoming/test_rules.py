"""Rules about what is left out: each with its owner, each undone, and every message's reason says which."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from factories import a_mailbox, a_message
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.correspondence.models import LedgerState, MailboxMessage, Message, MessageSource
from letterbook.incoming.explaining import explain
from letterbook.incoming.rules_shown import preview_rule, rules_of
from letterbook.incoming.ruling import add_rule, choose_internal_mail, find_rule, remove_rule
from letterbook.incoming.storing import Decided, decide_and_store
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound, NotNow
from letterbook.mailboxes.keeping import change_policy
from letterbook.mailboxes.labelling import labels_of, reread_labels
from letterbook.mailboxes.models import Mailbox, MailboxLabel, Sharing, StoringPolicy, StoringRule
from letterbook.providers.mail import ProviderMessage
from letterbook.teams.models import AuditEntry
from letters import FIRST_DAY, a_letter

ALICE = "alice@haldenrowe.example"


@pytest.fixture
def box(alice) -> Mailbox:
    return a_mailbox(alice, address=ALICE)


@pytest.fixture
def rule(alice, at):
    """Leave something out, as alice unless told."""

    def make(kind: str, text: str, *, mailbox: Mailbox | None = None, member=alice) -> StoringRule:
        return add_rule(member, mailbox=mailbox, kind=kind, text=text, at=at)

    return make


def fetched(number: int = 1, labels=("INBOX",), **letter) -> ProviderMessage:
    raw = a_letter(number, **letter)
    return ProviderMessage(f"{number:016x}", f"t{number}", frozenset(labels), FIRST_DAY, raw)


def relabelling(gmail, name: str):
    def go(*, add=(), remove=()) -> None:
        gmail.mailbox(ALICE).relabel(name, add=frozenset(add), remove=frozenset(remove))

    return go


def reasons() -> list[str]:
    rows = MailboxMessage.objects.order_by("provider_id")
    return [row.reason or row.state for row in rows]


@pytest.mark.parametrize(
    ("kind", "text", "sender", "is_left_out"),
    [
        ("address", "Anna@Lindwerk.example", "anna@lindwerk.example", True),
        ("address", "Anna <anna@lindwerk.example>", "anna@lindwerk.example", True),
        ("address", "bo@lindwerk.example", "anna@lindwerk.example", False),
        ("domain", "lindwerk.example", "anna@lindwerk.example", True),
        ("domain", "@Lindwerk.example", "anna@lindwerk.example", True),
        ("domain", "*.lindwerk.example", "anna@lindwerk.example", True),
        ("domain", "werk.example", "anna@lindwerk.example", False),
        ("domain", "bücher.example", "anna@xn--bcher-kva.example", True),
        ("domain", "lindwerk.co.uk", "anna@lindwerk.co.uk", True),
        ("domain", "mail.lindwerk.co.uk", "anna@lindwerk.co.uk", False),
        ("domain", "lindwerk.example", "anna@mail.lindwerk.example", True),
    ],
)
def test_an_address_or_a_domain_is_left_out_whoever_is_a_contact(
    box, rule, make_contact, at, kind, text, sender, is_left_out
):
    """S42: a rule is stronger than a contact; nothing of what it leaves out is kept."""
    make_contact("Anna", sender)
    made = rule(kind, text, mailbox=box)
    decided = decide_and_store(box, [fetched(sender=sender)], at=at)
    assert decided == (Decided(skipped=1) if is_left_out else Decided(stored=1))
    assert MailboxMessage.objects.get().rule == (made if is_left_out else None)
    assert MessageSource.objects.exists() is not is_left_out


@pytest.mark.parametrize("role", ["to", "cc", "bcc"])
def test_it_is_left_out_in_whatever_role_somebody_is_on_it(box, rule, make_contact, at, role):
    make_contact("Anna", "anna@lindwerk.example")
    rule("address", "law@firm.example", mailbox=box)
    letter = {"to": ALICE, role: "law@firm.example"}
    decide_and_store(box, [fetched(**letter)], at=at)
    assert reasons() == ["rule"]


def test_a_rule_of_one_mailbox_leaves_the_others_alone_and_the_teams_holds_for_all(
    box, alice, bob, rule, make_contact, at
):
    """One email in three mailboxes is as visible as its widest copy; a team rule is about every copy."""
    make_contact("Anna", "anna@lindwerk.example")
    other = a_mailbox(bob)
    mine = rule("address", "anna@lindwerk.example", mailbox=box)
    assert decide_and_store(box, [fetched()], at=at) == Decided(skipped=1)
    assert decide_and_store(other, [fetched()], at=at) == Decided(stored=1)
    rule("domain", "lindwerk.example")
    assert decide_and_store(other, [fetched(2)], at=at) == Decided(skipped=1)
    assert StoringRule.objects.visible_to(bob).count() == 1
    with pytest.raises(NotFound):
        find_rule(bob, mine.pk)
    assert find_rule(alice, mine.pk) == mine


def test_who_may_make_and_end_which_rule(box, bob, charlie, rule, at):
    with pytest.raises(NotAllowed, match="owner and admins"):
        rule("domain", "x.example", member=bob)
    with pytest.raises(NotAllowed, match="belongs to"):
        rule("domain", "x.example", mailbox=box, member=bob)
    with pytest.raises(NotFound):
        rule("domain", "x.example", mailbox=box, member=charlie)
    for made in (rule("domain", "x.example"), rule("domain", "x.example", mailbox=box)):
        with pytest.raises((NotAllowed, NotFound)):
            remove_rule(bob, made, at=at)
        with pytest.raises(NotFound):
            find_rule(charlie, made.pk)
    assert StoringRule.objects.count() == 2


def test_a_rule_given_twice_is_one_and_the_log_tells_no_stranger_whom_it_names(
    box, alice, rule, at
):
    assert rule("address", "law@firm.example", mailbox=box) == rule(
        "address", "LAW@firm.example", mailbox=box
    )
    remove_rule(alice, StoringRule.objects.get(), at=at)
    entries = AuditEntry.objects.filter(what__startswith="rule")
    assert [entry.what for entry in entries.order_by("id")] == ["rule added", "rule removed"]
    assert "firm.example" not in str([entry.details for entry in entries])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("address", "nobody"),
        ("address", ALICE),
        ("domain", ""),
        ("domain", "a b.example"),
        ("domain", "example"),
        ("domain", "com"),
        ("domain", "@co.uk"),
        ("domain", "*.github.io"),
        ("label", ""),
        ("label", "No such label"),
        ("label", "SPAM"),
        ("nonsense", "x.example"),
    ],
)
def test_what_can_be_no_rule_is_refused(box, rule, kind, text):
    with pytest.raises(Invalid):
        rule(kind, text, mailbox=box)
    assert not StoringRule.objects.exists()


def test_a_label_rule_is_for_one_mailbox(rule, alice):
    with pytest.raises(Invalid, match="Choose what"):
        rule("label", "CATEGORY_PROMOTIONS")


def test_a_mailbox_offers_its_own_labels_by_name_and_follows_what_happens_to_them(
    alice, bob, gmail, connect, rule, at
):
    """Known from connecting on; a renamed one keeps its rule, and nobody else is told of them."""
    gmail.create_account(ALICE)
    theirs = gmail.mailbox(ALICE).user_labels
    theirs |= {"Label_1": "zebras", "Label_2": "Advisers/Law"}
    box = connect(alice, ALICE)
    assert list(labels_of(box).items())[:3] == [
        ("Label_2", "Advisers/Law"),
        ("Label_1", "zebras"),
        ("INBOX", "Inbox"),
    ]
    made = rule("label", "advisers/law", mailbox=box)
    assert (made.pattern, str(made)) == ("Label_2", "Advisers/Law")
    theirs["Label_2"] = "Counsel"
    del theirs["Label_1"]
    assert "Label_1" not in reread_labels(alice, box, clock=lambda: at)
    assert str(StoringRule.objects.get()) == "Counsel"
    assert not MailboxLabel.objects.visible_to(bob).exists()
    with pytest.raises(NotAllowed):
        reread_labels(bob, box, clock=lambda: at)
    gmail.fail("labels.list", "refuse:500")
    with pytest.raises(NotNow):
        reread_labels(alice, box, clock=lambda: at)
    gmail.revoke(box.address)
    gmail.expire_access_tokens(box.address)
    with pytest.raises(Conflict, match="no longer accepts") as refused:
        reread_labels(alice, box, clock=lambda: at)
    assert refused.value.way_out == "Reconnect the mailbox."


def test_what_is_shown_before_counts_what_the_viewer_may_see_and_changes_nothing(
    box, alice, bob, make_contact
):
    anna = make_contact("Anna", "anna@lindwerk.example")
    a_message(box, anna)
    a_message(a_mailbox(bob, sharing=Sharing.PRIVATE), anna)
    a_message(a_mailbox(bob), anna)
    shown = preview_rule(alice, mailbox=None, kind="domain", text="lindwerk.example")
    assert (shown.stored, shown.contacts, shown.pattern) == (2, 1, "lindwerk.example")
    mine = preview_rule(alice, mailbox=box, kind="address", text="anna@lindwerk.example")
    assert (mine.stored, mine.contacts) == (1, 1)
    assert preview_rule(alice, mailbox=box, kind="domain", text="werk.example").stored == 0
    assert preview_rule(alice, mailbox=box, kind="only_label", text="INBOX").stored == 1
    assert preview_rule(alice, mailbox=box, kind="label", text="INBOX").stored == 0
    assert not StoringRule.objects.exists()


def test_a_rule_hides_nothing_that_is_stored_and_its_end_brings_what_it_left_out(
    mailbox, alice, gmail, arrive, read, anna, rule, at
):
    """S67, S80: rules act on new mail, and what they left out is fetched when they are removed."""
    arrive(1)
    read(mailbox)
    made = rule("domain", "lindwerk.example", mailbox=mailbox)
    arrive(2)
    later = at + timedelta(minutes=5)
    assert read(mailbox, at=later).skipped == 1
    assert Message.objects.count() == 1
    [kept, left] = sorted(
        explain(alice, "anna@lindwerk.example", clock=lambda: at).found,
        key=lambda one: one.reason.state == "skipped",
    )
    assert left.reason.why == (
        "Alice Halden leaves out mail with lindwerk.example in this mailbox, since 17 November 2026."
    )
    assert kept.reason.state == "stored"
    assert remove_rule(alice, made, at=later) == 1
    assert read(mailbox, at=later + timedelta(minutes=5)).stored == 1
    assert reasons() == ["stored", "stored"]


def test_what_one_rule_let_go_another_may_still_leave_out(box, alice, rule, make_contact, at):
    make_contact("Anna", "anna@lindwerk.example")
    first = rule("address", "anna@lindwerk.example", mailbox=box)
    decide_and_store(box, [fetched()], at=at)
    second = rule("domain", "lindwerk.example")
    assert remove_rule(alice, first, at=at) == 1
    decide_and_store(box, [fetched()], at=at)
    assert MailboxMessage.objects.get().rule == second


def test_labels_that_are_left_out_are_not_even_fetched_and_come_when_the_label_goes(
    mailbox, alice, gmail, arrive, read, anna, rule, at
):
    read(mailbox)
    rule("label", "CATEGORY_PROMOTIONS", mailbox=mailbox)
    name = arrive(1, labels=("INBOX", "CATEGORY_PROMOTIONS"))
    relabel = relabelling(gmail, name)
    read(mailbox)
    assert reasons() == ["label"]
    assert "messages.get" not in gmail.counts
    [found] = explain(alice, name, clock=lambda: at).found
    assert "one of its labels" in found.reason.why
    relabel(add={"UNREAD"})
    read(mailbox)
    assert reasons() == ["label"]
    relabel(remove={"CATEGORY_PROMOTIONS"})
    read(mailbox)
    assert reasons() == ["stored"]


def test_a_rule_about_a_label_waits_for_the_batch_that_does_not_know_it(box, rule):
    """What that batch leaves out for want of a label is among what the new rule lets in."""
    with CaptureQueriesContext(connection) as asked:
        rule("only_label", "INBOX", mailbox=box)
    said = [query["sql"] for query in asked]
    lock = next(number for number, sql in enumerate(said) if "pg_advisory_xact_lock" in sql)
    assert not [sql for sql in said[:lock] if sql.startswith(("INSERT", "UPDATE"))]


def test_only_what_has_a_label_is_kept_where_one_is_named(
    mailbox, alice, gmail, arrive, read, anna, rule, at
):
    """Whatever reads first: a listing tells no labels, the history does, and both decide alike."""
    gmail.mailbox(ALICE).user_labels |= {"Label_7": "Clients", "Label_9": "Ideas"}
    reread_labels(alice, mailbox, clock=lambda: at)
    only = rule("only_label", "clients", mailbox=mailbox)
    arrive(1)
    arrive(2, labels=("INBOX", "Label_7"))
    read(mailbox)
    name = arrive(3)
    arrive(4, labels=("Label_9",))
    read(mailbox)
    assert sorted(reasons()) == ["no_label", "no_label", "no_label", "stored"]
    relabelling(gmail, name)(add={"Label_7"})
    read(mailbox)
    assert sorted(reasons()) == ["no_label", "no_label", "stored", "stored"]
    told = preview_rule(alice, mailbox=mailbox, kind="only_label", text="Ideas")
    assert (told.words, told.comes_back) == ("Ideas", 1)
    assert [(str(one.rule), one.comes_back) for one in rules_of(alice, mailbox)] == [("Clients", 2)]
    more = rule("only_label", "Label_9", mailbox=mailbox)
    read(mailbox)
    assert sorted(reasons()) == ["no_label", "stored", "stored", "stored"]
    remove_rule(alice, more, at=at)
    assert remove_rule(alice, only, at=at) == 1
    read(mailbox)
    assert reasons() == ["stored"] * 4


@pytest.mark.parametrize(
    "headers",
    [
        ("List-Id: Weavers <weavers.lists.example>",),
        ("Precedence: bulk",),
        ("Auto-Submitted: auto-generated",),
    ],
)
def test_neither_a_list_nor_a_machine_makes_anybody_a_contact(box, make_contact, at, headers):
    """S42: only who is a contact already is met on such mail."""
    box.policy = StoringPolicy.EVERYONE
    letter = {"cc": "bo@x.example", "headers": headers}
    assert decide_and_store(box, [fetched(**letter)], at=at) == Decided(skipped=1)
    assert reasons() == ["bulk"]
    assert not Contact.objects.exists()
    make_contact("Anna", "anna@lindwerk.example")
    assert decide_and_store(box, [fetched(**letter)], at=at) == Decided(stored=1)
    assert ContactAddress.objects.count() == 1


@pytest.mark.parametrize("role", ["info", "support", "billing", "noreply", "newsletter"])
def test_an_office_becomes_a_contact_by_hand_only(box, make_contact, at, role):
    box.policy = StoringPolicy.EVERYONE
    sender = f"{role}@lindwerk.example"
    assert decide_and_store(box, [fetched(sender=sender)], at=at) == Decided(skipped=1)
    make_contact("Lindwerk", sender)
    assert decide_and_store(box, [fetched(sender=sender)], at=at) == Decided(stored=1)


def test_mail_among_colleagues_is_left_out_until_the_team_keeps_it(
    mailbox, alice, bob, arrive, read, make_contact, at
):
    """Colleagues are those at the domains of the team's own Google accounts, connected or not."""
    change_policy(alice, mailbox, policy=StoringPolicy.EVERYONE, at=at)
    arrive(1, sender="carol@haldenrowe.example", cc="dan@haldenrowe.example")
    arrive(2, sender="x@y.example", cc="carol@haldenrowe.example")
    read(mailbox)
    assert sorted(reasons()) == ["internal", "stored"]
    assert set(ContactAddress.objects.values_list("key", flat=True)) == {"x@y.example"}
    with pytest.raises(NotAllowed):
        choose_internal_mail(bob, is_left_out=False, at=at)
    assert choose_internal_mail(alice, is_left_out=False, at=at) == 1
    assert choose_internal_mail(alice, is_left_out=False, at=at) == 0
    read(mailbox)
    assert reasons() == ["stored", "stored"]
    assert choose_internal_mail(alice, is_left_out=True, at=at) == 0
    assert Message.objects.count() == 2


def test_everybody_at_a_public_provider_is_no_colleague(alice, at):
    box = a_mailbox(alice, address="alice.halden@gmail.com")
    box.policy = StoringPolicy.EVERYONE
    letter = fetched(sender="anna.lind@gmail.com", to="alice.halden@gmail.com")
    assert decide_and_store(box, [letter], at=at) == Decided(stored=1)
    assert MailboxMessage.objects.get().state == LedgerState.STORED
