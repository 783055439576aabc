// What this tab kept because it could not be saved is put back: at once where nothing else happened to the draft, else
// when somebody says so in [data-unsaved-notice].
import { keyOf, readAddresses } from "./addresses.js";
import { parseInert } from "./editor/reading.js";
import { partOf } from "./forms.js";
import { linesOf } from "./recipient_lines.js";

/** Put the copy back into a form whose fields are these now; `done` is called when it stands there. */
export function putBack(form, copy, fields, done) {
  const kept = copy.read();
  if (!kept) return;
  if (isSame(kept, new Map(fields))) return copy.forget();
  if (kept.get("version") === form.elements.version.value) return fillIn(form, kept, done);
  const place = document.querySelector("[data-unsaved-notice]");
  if (!place) return;
  place.hidden = false;
  place.querySelector("[data-puts-back]").addEventListener("click", () => {
    place.hidden = true;
    fillIn(form, kept, done);
  });
  place.querySelector("[data-forgets]").addEventListener("click", () => {
    place.hidden = true;
    copy.forget();
  });
}

// It reached the server after all, where it was only written down in another way.
function isSame(kept, here) {
  const people = (fields, name) => readAddresses(fields.get(name) ?? "").map(keyOf).join();
  const text = (fields) => parseInert(fields.get("html") ?? "").textContent.replace(/\s/g, "");
  const isSameTo = ["to", "cc", "bcc"].every((name) => people(kept, name) === people(here, name));
  return isSameTo && kept.get("subject") === here.get("subject") && text(kept) === text(here);
}

function fillIn(form, kept, done) {
  for (const name of ["from", "to", "cc", "bcc", "subject"]) {
    const field = form.elements[name];
    if (field && kept.has(name)) field.value = kept.get(name);
  }
  for (const line of linesOf(form)) line.reread();
  if (kept.has("html")) partOf(form, "editor")?.replace(kept.get("html"));
  done();
}
