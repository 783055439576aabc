"""Who may see which message, and how much of it: the only way from an interface to stored email.

A message may be held by several mailboxes; each copy is shared as it says itself, or else as its mailbox is, and one's
own always in full. The widest copy decides (docs/decisions/0014).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Exists, OuterRef

from letterbook.correspondence.admissions import Admission
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.teams.asked_once import asked_once
from letterbook.teams.models import Membership


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a person sees into each of their team's mailboxes. A team has few, so this is read once per question.

    `levels` holds for a copy that says nothing else of itself. `own` are their own mailboxes, of which they see
    everything; `let_in` those of which they see everything that was not made private by hand. `narrowed_to` is set
    while they look as somebody else: they see no more than both do.
    """

    user_id: UUID
    levels: dict[UUID, Sharing]
    own: frozenset[UUID]
    let_in: frozenset[UUID] = frozenset()
    narrowed_to: Reach | None = None

    @property
    def mailboxes(self) -> frozenset[UUID]:
        """Ids of all mailboxes of the team."""
        return frozenset(self.levels)

    def at_least(self, level: Sharing) -> list[UUID]:
        """Ids of the mailboxes whose mail this person sees at `level` or more, where a copy says nothing else."""
        found = [mailbox_id for mailbox_id, seen in self.levels.items() if seen >= level]
        if self.narrowed_to is None:
            return found
        both = set(self.narrowed_to.at_least(level))
        return [mailbox_id for mailbox_id in found if mailbox_id in both]


class SeenBySomeone:
    """A row that was loaded on somebody's behalf by `visible_to`, which annotates how much of it they may see.

    Asked of a row that was loaded otherwise, these raise: nobody is shown a row by accident.
    """

    @property
    def access(self) -> Sharing:
        """How much the viewer may see."""
        return Sharing(self.__dict__["viewer_access"])

    @property
    def may_read_subject(self) -> bool:
        """Whether the viewer may see the subject."""
        return self.access >= Sharing.SUBJECT

    @property
    def may_read_content(self) -> bool:
        """Whether the viewer may see text, snippet, Bcc and files."""
        return self.access >= Sharing.FULL


@asked_once
def reach_of(member: Membership) -> Reach:
    """Return how far a member sees into each of the team's mailboxes."""
    reach = _reach_of_one(member)
    if member.looking_as is None:
        return reach
    return replace(reach, narrowed_to=_reach_of_one(member.looking_as))


def _reach_of_one(member: Membership) -> Reach:
    admission = Admission.objects.in_force().to_whole_mailboxes()
    admitted = Exists(admission.filter(mailbox=OuterRef("pk"), user_id=member.user_id))
    mailboxes = Mailbox.objects.visible_to(member).annotate(is_let_in=admitted)
    own, let_in, levels = set(), set(), {}
    for pk, owner_id, sharing, is_let_in in mailboxes.values_list(
        "pk", "owner_id", "sharing", "is_let_in"
    ):
        if owner_id == member.user_id:
            own.add(pk)
        elif is_let_in:
            let_in.add(pk)
        levels[pk] = Sharing.FULL if pk in own | let_in else Sharing(sharing)
    return Reach(member.user_id, levels=levels, own=frozenset(own), let_in=frozenset(let_in))
