// Templates: a menu with a search and a preview, put into the text with one press.
//   <dialog id="templates"> … <button data-inserts="/write/templates/7?to=…"> which answers {"subject", "html", "missing"}
import { partOf } from "./forms.js";
import { withTeam } from "./page_team.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-inserts]");
  const form = button && document.getElementById(button.dataset.into ?? "composer");
  if (!form) return;
  event.preventDefault();
  const answer = await fetch(withPeople(button.dataset.inserts, form), { headers: withTeam({ Accept: "application/json" }) });
  if (!answer.ok || answer.redirected) return;
  const filled = await answer.json();
  const { subject } = form.elements;
  if (!subject.value.trim()) subject.value = filled.subject;
  button.closest("dialog")?.close();
  partOf(form, "editor").insert(filled.html);
});

// The fields are filled with whoever stands in To now.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  const form = document.getElementById("composer");
  if (form && detail.path.includes("/write/templates")) detail.parameters.to = form.elements.to?.value ?? "";
});

function withPeople(path, form) {
  const address = new URL(path, location.href);
  address.searchParams.set("to", form.elements.to?.value ?? "");
  return address;
}

// Where templates are made: <button data-field="contact.name"> puts the field where the cursor is.
let lastField = null;
document.addEventListener("focusin", ({ target }) => {
  if (target.matches("#template [name=subject], #template [data-editor]")) lastField = target;
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-field]");
  if (!button) return;
  const text = `{{ ${button.dataset.field} }}`;
  if (lastField?.name === "subject") lastField.setRangeText(text, lastField.selectionStart, lastField.selectionEnd, "end");
  else partOf(button.form, "editor").type(text);
  button.form.dispatchEvent(new Event("input", { bubbles: true }));
});

// The menu is filled when it opens.
document.addEventListener("click", (event) => {
  if (event.target.closest('[data-opens="templates"]')) document.querySelector("#templates [type=search]")?.dispatchEvent(new Event("letterbook:opened", { bubbles: true }));
});
