// How long to wait before something is tried again, and what an answer to an autosave means.
const FIRST = 2000;
const LONGEST = 60_000;

/** The pause before the nth attempt in a row: 2 s, 4 s, 8 s … a minute. */
export function pauseBefore(attempt) {
  return Math.min(FIRST * 2 ** (attempt - 1), LONGEST);
}

/** What became of a save: kept, changed (by somebody else), refused (what was typed), stale, signed-out, gone, later. */
export function verdictOf({ status, redirected = false, path = "", signIn = "" }) {
  if (redirected && path === signIn) return "signed-out";
  if (status === 403) return "stale";
  if (status === 409) return "changed";
  if (status === 422 || status === 413) return "refused";
  if (status === 404) return "gone";
  return status >= 200 && status < 300 ? "kept" : "later";
}
