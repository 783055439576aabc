// What the autosave makes of an answer, and how long it waits. Run by `npm test`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseBefore, verdictOf } from "../../src/letterbook/web/assets/js/pauses.js";

test("each attempt waits twice as long as the one before, and never more than a minute", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 50].map(pauseBefore), [2000, 4000, 8000, 16000, 32000, 60000, 60000]);
});

test("only an answer that says so means that the text is on the server", () => {
  const verdicts = { 200: "kept", 204: "kept", 403: "stale", 404: "gone", 409: "changed", 413: "refused", 422: "refused", 429: "later", 500: "later", 502: "later", 302: "later" };
  for (const [status, verdict] of Object.entries(verdicts)) assert.equal(verdictOf({ status: Number(status) }), verdict, status);
});

test("the page for signing in is no success, although it answers with 200", () => {
  const answer = { status: 200, redirected: true, path: "/accounts/login/", signIn: "/accounts/login/" };
  assert.equal(verdictOf(answer), "signed-out");
});
