"""A question as conditions of a query: what may match depends on how much of each email the viewer may see.

At `metadata` only people match, at `subject` subject and people, at `full` everything. The level of each email is part
of the query, so nothing that is hidden can be found, counted or guessed.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat, Replace

from letterbook.correspondence.access import Reach
from letterbook.correspondence.models import MailboxMessage, seen_copies, tells_bcc
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.search.language import SPACELESS, Question, Term

# The parts of the text index (subject A, people B, files C, text D) that each level opens to bare words.
_OPEN_PARTS = {Sharing.METADATA: "B", Sharing.SUBJECT: "AB", Sharing.FULL: ""}


class FoldedSpace(Func):
    """A text without case, accents and ASCII punctuation, words between single blanks, much like `fold_words`."""

    template = (
        "(' ' || regexp_replace(lower(replace(regexp_replace(normalize(%(expressions)s, NFKD),"
        " '[\u0300-\u036f]', '', 'g'), 'ß', 'ss')), '[][ -/:-@\\^_`{-~]+', ' ', 'g') || ' ')"
    )
    output_field = TextField()


class PeopleInRole(Func):
    """Names and addresses of those who are on an email in the given roles, as one text."""

    template = (
        "(SELECT coalesce(string_agg(person->>'name' || ' ' || (person->>'address'), ' | '), '')"
        " FROM jsonb_array_elements(%(expressions)s) person WHERE person->>'role' IN (%(roles)s))"
    )
    output_field = TextField()


class AddressesInRole(Func):
    """The lower-case addresses of those who are on an email in the given roles."""

    template = (
        "ARRAY(SELECT lower(person->>'address') FROM jsonb_array_elements(%(expressions)s) person"
        " WHERE person->>'role' IN (%(roles)s))"
    )
    output_field = ArrayField(TextField())


class NotByIndex(Func):
    """A condition that no index may answer: the rows are to come in the order of time instead."""

    template = "(%(expressions)s) IS TRUE"
    output_field = BooleanField()


def words_asked(question: Question, level: Sharing = Sharing.FULL) -> str:
    """Return the words of a question as a tsquery for what is open at `level`; empty when there are none."""
    people = [
        term
        for term in (*question.sender, *question.recipient, *question.anyone)
        if not term.address
    ]
    clauses = [words_of_term(term, _OPEN_PARTS[level]) for term in question.anywhere]
    clauses += [words_of_term(term, "A") for term in question.subject]
    clauses += [words_of_term(term, "B") for term in people]
    return " & ".join(clauses)


def matches_words(words: str) -> Func:
    """Return the condition "the text index has these words", which the index can answer."""
    return HasWords(F("search"), Value(words))


class HasWords(Func):
    """The words as they stand: `to_tsquery` would take them apart once more, and not as they were indexed."""

    template = "(%(expressions)s::tsquery)"
    arg_joiner = " @@ "
    output_field = BooleanField()


def is_found(question: Question, reach: Reach) -> Q:
    """Return the condition under which a message annotated with its access level answers a viewer's question."""
    condition = Q()
    for level in Sharing:
        if level > Sharing.PRIVATE and _can_match(question, level):
            condition |= _arm(question, level)
    return condition & _conditions_on_people(question, reach) & _held_where(question, reach)


def _has_words(text: Combinable, term: Term) -> Q:
    """Return the condition "this text has these words", accents and case apart, where there is no text index."""
    folded: Func = FoldedSpace(text)
    if any(SPACELESS.match(word) for word in term.words):
        return Q(_Holds(Replace(folded, Value(" ")), Value("".join(term.words))))
    end = "" if term.is_beginning else " "
    return Q(_Holds(folded, Value(" " + " ".join(term.words) + end)))


class _Holds(Func):
    template = "(strpos(%(expressions)s) > 0)"
    output_field = BooleanField()


def _can_match(question: Question, level: Sharing) -> bool:
    needs_text = question.has_attachment
    needs_subject = bool(question.subject)
    return level >= (
        Sharing.FULL if needs_text else Sharing.SUBJECT if needs_subject else Sharing.METADATA
    )


def _arm(question: Question, level: Sharing) -> Q:
    words = words_asked(question, level)
    # The words come first: asking who holds an email costs more than looking into its words.
    found = Q(matches_words(words)) if words else Q()
    found &= Q(viewer_access=level)
    return found & Q(has_attachments=True) if question.has_attachment else found


def _conditions_on_people(question: Question, reach: Reach) -> Q:
    condition = Q()
    for term in question.sender:
        condition &= _sent_by(term)
    for term in question.recipient:
        condition &= _sent_to(term, reach)
    for term in question.anyone:
        condition &= _between(term, reach)
    return condition


def _held_where(question: Question, reach: Reach) -> Q:
    """Say that a copy which the viewer may know of is in each of the mailboxes asked for."""
    condition = Q()
    for asked in question.mailboxes:
        # All of an address, or its beginning up to the @.
        begins = asked if "@" in asked else f"{asked}@"
        named = Mailbox.objects.filter(pk__in=reach.mailboxes, address__istartswith=begins)
        copies = MailboxMessage.objects.filter(
            seen_copies(reach, level=Sharing.METADATA),
            _may_be_seen(set(named.values_list("pk", flat=True)), reach),
            message=OuterRef("pk"),
        )
        condition &= Q(Exists(copies))
    return condition


def _may_be_seen(mailbox_ids: set[UUID], reach: Reach) -> Q:
    """Say once more of copies in these mailboxes what PostgreSQL has counted, so that it knows how few there are.

    By a mailbox's id it knows how many emails are in it, and that hardly any copy says of itself who may see it, as one
    must in a mailbox that shares nothing. Else it goes through the whole history for what is in none.
    """
    sharing = mailbox_ids & set(reach.at_least(Sharing.METADATA))
    says_so = Q(shared_as__isnull=False) | Q(shared_with__isnull=False)
    return Q(mailbox__in=sharing) | Q(says_so, mailbox__in=mailbox_ids - sharing)


def _sent_by(term: Term) -> Q:
    if term.address:
        return Q(address_keys__contains=[term.address], from_address__iexact=term.address)
    sender = Concat("from_name", Value(" "), "from_address", output_field=TextField())
    return _has_words(sender, term)


def _sent_to(term: Term, reach: Reach) -> Q:
    if not term.address:
        recipients = PeopleInRole(F("participants"), roles="'to', 'cc'")
        return _has_words(recipients, term)
    is_named = _overlaps(AddressesInRole(F("participants"), roles="'to', 'cc'"), term)
    return _on_it(term) & (is_named | _is_told_of(term, reach))


def _between(term: Term, reach: Reach) -> Q:
    if not term.address:
        return Q()  # the words of people say it all
    is_open = ~Q(bcc_keys__contains=[term.address])
    return _on_it(term) & (is_open | _is_told_of(term, reach))


def _is_told_of(term: Term, reach: Reach) -> Q:
    told = tells_bcc(reach, [term.address], message_ref="pk", bcc_ref="bcc_keys")
    return Q(told, bcc_keys__contains=[term.address])


def _on_it(term: Term) -> Q:
    return Q(address_keys__contains=[term.address])


class _Overlaps(Func):
    template = "(%(expressions)s)"
    arg_joiner = " && "
    output_field = BooleanField()


def _overlaps(addresses: Func, term: Term) -> Q:
    return Q(_Overlaps(addresses, Value([term.address], output_field=ArrayField(TextField()))))


def words_of_term(term: Term, parts: str = "") -> str:
    """Return a term as a tsquery for these parts of the text index; for all of them when none is named."""
    # Folded words hold letters and digits only, so there is nothing to escape. They must be neighbours.
    *before, last = term.words
    weights = [*[parts] * len(before), "*" * term.is_beginning + parts]
    words = [
        f"'{word}':{weight}" if weight else f"'{word}'"
        for word, weight in zip((*before, last), weights, strict=True)
    ]
    return f"({' <-> '.join(words)})"
