"""Every address of pages and API, with what its ids are of: a new one is walked from the day it stands here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from letterbook.api.urls import api
from letterbook.web.urls import urlpatterns

# What `pk` is of, by the names of the pages.
PK = {
    "contact": """contact write-note taken-out edit-activity move-activity pin-activity unpin-activity finish-task
        reopen-task delete-activity restore-activity add-address choose-primary wants-mail drop-address assign-contact
        edit-contact delete-contact merge-contact share-contact hold-contact release-contact erase-contact
        not-the-same split-contact""",
    "company": "company rename-company give-domain take-domain",
    "tag": "change-tag drop-tag",
    "field": "change-own-field drop-own-field",
    "bulk edit": "undo-contacts-change",
    "merge": "undo-merge",
    "split": "undo-split",
    "thread": "conversation share-conversation ask-to-read",
    "message": """message reply forward letter-frame attachment file file-frame file-page remote-picture
        always-show-images source need-no-answer want-answer""",
    "email": """outgoing-email outgoing-source edit-email save-draft attach-file draft-file remove-file draft-picture
        regarding bring-back-draft draft-versions take-version-back duplicate-email undo-email cancel-email keep-private
        send-email-now retry-email send-email-again correct-email settle-email dismiss-email""",
    "mailbox": """mailbox coverage check-mailbox dismiss-quarantine quarantined replay-quarantined
        dismiss-quarantined reconnect-mailbox share-mailbox who-may-see hide-labels share-as-usual break-glass
        choose-policy choose-removed mailbox-rules read-labels retrieve-mailbox replay-mailbox disconnect-mailbox
        pause-sending-mailbox resume-sending-mailbox pause-mailbox resume-mailbox""",
    "activity": "finish-task-today reopen-task-today",
    "request": "answer-asked",
    "admission": "end-admission notice-glass",
    "person": "look-as",
    "member": "change-role remove-member",
    "invitation": "renew-invitation revoke-invitation",
    "template": "fill-template edit-template delete-template",
    "token": "revoke-token",
}
# Ids of another name in a page's address.
ALSO = {
    "activity": "activity",
    "attachment": "file",
    "row": "row",
    "content_id": "content id",
    "other": "contact",
}
# A number means another thing here.
NUMBERS = {"share-as-usual": "choice", "remove-rule": "rule"}
WORDS = (
    "anna", "hushtext", "subject:hushsubject", "from:anna@lindwerk.example", "to:hushbcc@lindwerk.example",
    "with:anna+in:sent", "has:attachment", "after:2025", "before:2030", "hushnote", "hush*+in:notes", "in:notes",
    "mailbox:alice",
)  # fmt: skip
CONTACT_QUERIES = (
    "",
    "q=hush",
    "quiet=30",
    "answered=never-by-them",
    "answered=never-by-us",
    "bounced=1",
)
# Pages whose address names nothing: what they are asked with.
PLAIN: dict[str, tuple[str, ...]] = {
    "write": ("", "answer={message}", "to=anna@lindwerk.example"),
    "begin-draft": ("",),
    "suggest-recipients": ("q=hid", "q=hush", "q=anna", "q=lind", "q="),
    "renew-token": ("",),
    "beside": ("to=anna@lindwerk.example", "to=hushbcc@lindwerk.example", "draft={email}"),
    "pick-template": ("", "q=hush", "to=anna@lindwerk.example"),
    "outbox": (
        *("", "show=failed", "show=queued", "show=drafts", "show=sent"),
        *("show=queued&to=anna@lindwerk.example", "show=sent&mailbox={mailbox}", "author={person}"),
    ),
    "failures": ("", "state=resolved", "mailbox={mailbox}"),
    "retry-failures": ("",),
    "undo-retries": ("",),
    "suggest-subjects": ("q=hush", "q=anna"),
    "today": ("",),
    "gone-quiet": ("",),
    "first-run": ("",),
    "demo-opening": ("",),
    "open-demo": ("",),
    "search": tuple(f"q={word}" for word in WORDS),
    "insights": ("", "weeks=52", "of=mailbox+{mailbox}", "contact={contact}"),
    "contacts": CONTACT_QUERIES,
    "change-contacts": ("what=tag&ids={contact}", "what=delete&all=1&answered=never-by-us"),
    "export-contacts": ("", "answered=never-by-us"),
    "own-fields": ("",),
    "duplicates": ("",),
    "companies": ("", "q=lind", "q=hush"),
    "new-contact": ("", "address=hushbcc@lindwerk.example"),
    "import-contacts": ("",),
    "mailboxes": ("",),
    "retrieve-all": ("",),
    "import-mail": ("",),
    "connect-mailbox": ("",),
    "mailbox-connected": ("",),
    "why": ("", "q=hushsubject", "q=anna@lindwerk.example", "q={message_id}"),
    "propose-sharing": ("",),
    "stop-looking": ("",),
    "team-rules": ("", "kind=domain&text=lindwerk.example", "kind=address&text=hushbcc@lindwerk.example"),
    "choose-internal-mail": ("",),
    "remove-rule": ("",),
    "team": ("",),
    "switch-team": ("",),
    "audit": ("", "who={person}", "what=rule added"),
    "export-audit": ("",),
    "join": ("",),
    "unsubscribe": ("",),
    "without-team": ("",),
    "templates": ("", "q=hush"),
    "new-template": ("",),
    "preview-template": ("",),
    "settings": ("",),
    "choose-notices": ("",),
    "create-token": ("",),
}  # fmt: skip
# Walked with a commit, not here.
STREAMS = {"events"}
# The same for pages that name something: beside the bare one.
NARROWED: dict[str, tuple[str, ...]] = {
    "contact": ("direction=in", "files=1", "failed=1", "mailbox={mailbox}", "person={person}", "on=2026-11-01"),
    "company": ("day=2026-11-01",),
    "merge-contact": ("other={contact}", "q=anna"),
    "attachment": ("inline=1",),
    "file": ("download=1",),
    "letter-frame": ("images=1",),
    "fill-template": ("to=anna@lindwerk.example",),
}  # fmt: skip
API_IDS = {
    "contact_id": "contact", "message_id": "message", "thread_id": "thread", "mailbox_id": "mailbox",
    "email_id": "email", "row_id": "row", "company_id": "company", "tag_id": "tag", "field_id": "field",
    "merge_id": "merge", "change_id": "bulk edit", "activity_id": "activity", "request_id": "request",
    "admission_id": "admission", "rule_id": "rule", "attachment_id": "file", "failure_id": "email",
    "template_id": "template", "number": "number", "domain": "domain",
    "other_id": "contact", "split_id": "split", "member_id": "member", "invitation_id": "invitation",
}  # fmt: skip
API_QUERIES: dict[str, tuple[str, ...]] = {
    "search": tuple(f"q={word}" for word in WORDS),
    "contacts": CONTACT_QUERIES, "contact-count": CONTACT_QUERIES,
    "contact-export": ("form=csv", "form=vcard"),
    "activities": tuple(
        f"contact_id={{contact}}{more}"
        for more in ("", "&direction=in", "&has_files=true", "&has_failed=true", "&mailbox_id={mailbox}", "&type=email")
    ),
    "explanations": ("q=hushsubject", "q=anna@lindwerk.example", "q={message_id}"),
    "rule-preview": ("kind=domain&text=lindwerk.example", "kind=address&text=hushbcc@lindwerk.example"),
    "outgoing-emails": ("", "status=queued", "status=draft", "status=failed", "mailbox_id={mailbox}",
                        "contact_id={contact}", "author_id={person}"),
    "failures": ("", "state=resolved", "mailbox_id={mailbox}", "author_id={person}"),
    "volume": ("", "contact_id={contact}", "user_id={person}"),
    "response-times": ("", "contact_id={contact}", "user_id={person}", "mailbox_id={mailbox}"),
    "busiest-hours": ("", "contact_id={contact}", "mailbox_id={mailbox}"),
    "waiting-longer": ("", "user_id={person}", "mailbox_id={mailbox}"),
    "filled": ("contact_id={contact}",),
    "merge": ("other_id={contact}",),
}  # fmt: skip

Things = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Address:
    """One address, with what its ids are of; `verb` is of the API."""

    name: str
    path: str
    of: frozenset[str]
    verb: str = "get"
    body: Mapping[str, Any] | None = None


def kinds() -> dict[str, str]:
    """What `pk` is of, by page."""
    return {name: kind for kind, names in PK.items() for name in names.split()}


def pages(things: Things) -> Iterator[Address]:
    """Each page's address about these things, and with each of its queries."""
    for pattern in urlpatterns:
        name = str(pattern.name)
        if name not in kinds() | PLAIN:
            continue
        kind = kinds().get(name, "")
        named = {one: _named(name, one, kind) for one in pattern.pattern.converters}
        for form in ("csv", "vcard") if name == "export-contacts" else ("",):
            values = {
                one: form or things.get(what, 1 if one == "page" else "none")
                for one, what in named.items()
            }
            path = reverse(name, kwargs=values)
            of = frozenset(named.values())
            for query in PLAIN.get(name) or ("", *NARROWED.get(name, ())):
                asked = _filled(query, things)
                yield Address(name, f"{path}?{asked}" if asked else path, of)


def _named(name: str, parameter: str, kind: str) -> str:
    if parameter == "pk":
        return kind
    return NUMBERS.get(name, "number") if parameter == "number" else ALSO.get(parameter, parameter)


def operations(things: Things) -> Iterator[Address]:
    """Each operation of the API about these things, with each of its queries."""
    document = api.get_openapi_schema()
    for path, verbs in document["paths"].items():
        names = re.findall(r"{(\w+)}", path)
        if path.endswith("/events") or not API_IDS.keys() >= set(names):
            continue
        named = {one: API_IDS[one] for one in names}
        filled = path.format(**{one: things[what] for one, what in named.items()})
        queries = API_QUERIES.get(path.rpartition("/")[2], ("",))
        of = frozenset(named.values())
        for verb, operation in verbs.items():
            body = _body(operation, document["components"]["schemas"], things)
            for query in queries if verb == "get" else ("",):
                asked = _filled(query, things)
                url = f"{filled}?{asked}" if asked else filled
                yield Address(operation["operationId"], url, of, verb, body)


def _filled(query: str, things: Things) -> str:
    return re.sub(r"{(\w+)}", lambda found: str(things[found[1]]), query)


GIVEN: dict[str, Any] = {
    "text": "x", "name": "Some name", "address": "x@x.example", "kind": "domain", "level": "full", "answer": "always",
    "policy": "everyone", "resolution": "dismissed", "subject_type": "contact", "what": "tag", "to": [],
    "version": 1, "type": "note", "email": "x@x.example",
}  # fmt: skip
IN_BODY = {
    "contact_id": "contact", "other_id": "contact", "mailbox_id": "mailbox", "user_id": "person", "answers": "message",
    "assignee_id": "person", "subject_id": "contact",
}  # fmt: skip
LISTS_IN_BODY = {"ids": "email", "failure_ids": "email"}


def _body(operation: Mapping[str, Any], schemas: Mapping[str, Any], things: Things) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if not content:
        return None
    schema = content["schema"]
    schema = next((one for one in schema.get("anyOf", ()) if "$ref" in one), schema)
    shape = schemas[schema["$ref"].rpartition("/")[2]]
    found: dict[str, Any] = {}
    for name, kind in shape["properties"].items():
        if name in IN_BODY:
            found[name] = str(things[IN_BODY[name]])
        elif name in LISTS_IN_BODY:
            found[name] = [str(things[LISTS_IN_BODY[name]])]
        elif name in shape.get("required", ()):
            values = kind.get("enum") or [{"array": [], "boolean": False}.get(kind.get("type"))]
            found[name] = GIVEN.get(name, values[0])
    return found


def form(things: Things) -> dict[str, Any]:
    """What is typed into any form of a page: each field about these things, so that nothing is refused for its form."""
    by_id = {
        "ids": "contact", "other": "contact", "contact": "contact", "owner": "person", "assignee": "person",
        "mailbox": "mailbox", "failure": "email", "draft": "email", "answers": "message", "template": "template",
        "subject_id": "contact", "id": "contact",
    }  # fmt: skip
    return {name: str(things[kind]) for name, kind in by_id.items()} | {
        "name": "Some name", "address": "x@x.example", "domain": "x.example", "text": "x", "type": "note",
        "kind": "domain", "what": "delete", "sharing": "3", "answer": "always", "policy": "everyone", "stored": "erase",
        "role": "owner", "reason": "Why not at all", "removed": "hide", "label": "L1", "do": "save", "colour": "blue",
        "subject_type": "contact", "email": "x@x.example", "resolution": "dismissed",
    }  # fmt: skip
