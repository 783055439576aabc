"""The REST interface as a whole: `api.urls` answers below /api/v1/, OpenAPI at /api/v1/openapi.json."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from letterbook.api import (
    activities,
    answering,
    bulk_retries,
    companies,
    contact_changes,
    contacts,
    coverage,
    duplicates,
    erasing,
    events,
    failures,
    insights,
    later_facts,
    mailboxes,
    me,
    merges,
    messages,
    outgoing,
    outgoing_parts,
    outgoing_verbs,
    own_fields,
    quarantine,
    rules,
    searching,
    sharing,
    splits,
    stories,
    team,
    templates,
    versions,
)
from letterbook.api.problems import MEDIA_TYPE, answer_with_problems
from letterbook.api.repeating import HEADER, LONGEST
from letterbook.api.tokens import BearerToken, answered_behind_the_wall

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "with the same key a repeated request acts once",
    "schema": {"type": "string", "maxLength": LONGEST, "pattern": "^[!-~]*$"},
}
# These create nothing: they ask for work that does no harm twice.
_WITHOUT_KEY = {
    "check_coverage", "replay_quarantine", "replay_quarantined", "request_retrieval", "retry_failures",
}  # fmt: skip


class LetterbookApi(NinjaAPI):
    """A NinjaAPI whose OpenAPI document names the errors' media type and the header of repeated requests."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the OpenAPI document."""
        document = super().get_openapi_schema(**options)
        for path in document["paths"].values():
            for method, operation in path.items():
                _name_problems(operation["responses"])
                if method == "post" and operation["operationId"] not in _WITHOUT_KEY:
                    operation["parameters"] = [*operation.get("parameters", []), _KEY]
        return document


def _name_problems(responses: dict[Any, dict[str, Any]]) -> None:  # a piece of an OpenAPI document
    for answer in responses.values():
        content = answer.get("content", {})
        if content.get("application/json", {}).get("schema") == _PROBLEM:
            answer["content"] = {MEDIA_TYPE: content["application/json"]}


api = LetterbookApi(
    title="Letterbook",
    version="1",
    description="A team's email memory. Errors are problem details with a way out; lists have cursors.",
    urls_namespace="api",
    docs_url=None,
    auth=BearerToken(),
)
answer_with_problems(api)
api.add_decorator(answered_behind_the_wall, mode="view")
for resource in (
    me, team, contact_changes, contacts, companies, own_fields, merges, splits, duplicates, erasing, activities,
    mailboxes, coverage, quarantine, rules, sharing,
    bulk_retries, outgoing, outgoing_verbs, outgoing_parts, stories, versions, messages,
    searching, failures, later_facts, insights, events, templates, answering,
):  # fmt: skip
    api.add_router("", resource.router)
