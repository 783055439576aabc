"""A request sees what its person may see; what must reach further stands here, with its reason."""

from __future__ import annotations

import ast

from reading_code import functions, modules

REACHES_FURTHER = {
    ("contacts/keeping.py", "delete_contact"): "its lines go, also those of mail the person does not see",
    ("contacts/reading.py", "_first"): "finds ids by the index of words; whose rows they are is read behind the wall",
    ("correspondence/erasing.py", "_erase_some"): "what another mailbox holds as well must not be taken for its own",
    ("correspondence/erasing.py", "_forget_ledger"): "the sources stay for others without the mailbox's name",
    ("correspondence/erasing_people.py", "erase_choices"): "what others decided about an erased person's mail goes",
    ("correspondence/erasing_people.py", "erase_messages"): "who is erased is so from everybody's mail",
    ("correspondence/erasing_people.py", "erase_quarantined"): "and from what could not be read",
    ("correspondence/sharing/keeping_private.py", "keep_stored_private"): "what answers it is in any mailbox",
    ("correspondence/sharing/keeping_private.py", "settle_private"): "who stores it need not be its author",
    ("correspondence/sharing/keeping_private.py", "share_email_again"): "the same, back",
    ("correspondence/sharing/settling.py", "_is_anything_decided"): "what owners decided binds whoever stores or links",
    ("correspondence/sharing/settling.py", "_settle"): "copies say who sees them, whoever made them say it anew",
    ("correspondence/sharing/settling.py", "extend_private_choices"): "what an owner keeps private stays so",
    ("incoming/explaining.py", "_newest_of"): "by index, copies in one's own mailbox; they are read behind",
    ("correspondence/found_first.py", "_ids_of"): "the same of emails that visible_to gave; they are counted behind",
    ("incoming/explaining.py", "_thread_of"): "which thread a Message-ID is of is a key that nobody sees",
    ("incoming/replaying.py", "replay_quarantine"): "storing mail threads and links it for the whole team",
    ("incoming/ruling.py", "choose_internal_mail"): "the team's rule lets in mail of every mailbox",
    ("incoming/ruling.py", "remove_rule"): "the team's rule lets in mail of every mailbox",
    ("mailboxes/revoking.py", "end_permission"): "asks whether another team connected the same account",
    ("outgoing/colleagues.py", "_being_written"): "that a draft to somebody is begun is told, and nothing else of it",
    ("outgoing/erased_emails.py", "erase_emails"): "and from what team-mates write",
    ("outgoing/erasing.py", "_erase"): "who is erased is so for everybody; an admin does it, and is told no numbers",
    ("outgoing/merging.py", "_move_outgoing"): "all email to a contact goes with it, a team-mate's drafts too",
    ("outgoing/merging.py", "_move_outgoing_back"): "the same, back",
    ("outgoing/leaving.py", "leave_team"): "what somebody leaves behind is handed on or goes, also what only they saw",
    ("outgoing/leaving.py", "preview_leaving"): "how much that is, for those who may end the membership",
    ("search/planning.py", "newest_matches"): "the same of emails",
    ("search/written.py", "newest_written"): "and of what people wrote",
    ("outgoing/splitting.py", "_part_outgoing"): "as when two become one: email to them, a team-mate's drafts too",
    ("teams/joining.py", "remove_member"): "their tokens and templates go with them",
    ("timeline/erasing.py", "messages_only_of"): "the same; they are counted for nobody",
    ("timeline/linking.py", "link_contacts"): "a contact's history is the team's; each sees their part of it",
    ("timeline/linking.py", "unlink_contact"): "the same, backwards",
    ("timeline/merging.py", "move_lines"): "a contact's whole history goes with it",
    ("timeline/splitting.py", "part_lines"): "a contact's whole history is parted, not what one person sees of it",
    ("timeline/merging.py", "move_lines_back"): "the same, back",
}  # fmt: skip


def test_whatever_reaches_further_than_its_person_is_listed():
    found = {
        (name, function.name)
        for name, tree in modules()
        if name != "teams/second_wall.py"
        for function in functions(tree)
        if "on_the_teams_behalf()" in ast.unparse(function)
    }
    assert found == REACHES_FURTHER.keys()
