// Where one begins to write, and the fixes that a caution before sending offers:
//   <button data-focuses="subject">   <button data-picks-file>
import { partOf } from "./forms.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-focuses], button[data-picks-file]");
  const form = button?.form ?? document.getElementById("composer");
  if (!button || !form) return;
  if ("picksFile" in button.dataset) form.querySelector("[data-attaches]")?.click();
  else if (button.dataset.focuses === "html") partOf(form, "editor").focus();
  else document.getElementById(`id_${button.dataset.focuses}`)?.focus();
});

// A caution whose cause is removed has nothing more to say; after the last one, the email simply goes:
//   <button name="do"><span data-plainly="Send">Send anyway</span></button>
function settle(caution) {
  const cautions = caution?.parentElement;
  caution?.remove();
  if (!cautions || cautions.querySelector("[data-caution]")) return;
  const words = document.querySelector("[data-plainly]");
  if (cautions.contains(document.activeElement) || document.activeElement === document.body) words?.closest("button").focus();
  cautions.remove();
  if (words) words.textContent = words.dataset.plainly;
}

document.addEventListener("click", (event) => settle(event.target.closest("[data-removes], [data-hides-all]")?.closest("[data-caution]")));
document.addEventListener("letterbook:files", (event) => {
  if (event.target.querySelector("[data-files] > li")) settle(event.target.querySelector('[data-caution="forgotten_file"]'));
});

// One begins where something is missing. Not on a phone: its keyboard would cover what one came to read.
function begin(form) {
  const isTaken = document.activeElement !== document.body || matchMedia("(pointer: coarse)").matches;
  if (isTaken || (form.classList.contains("is-inline") && location.hash !== "#reply")) return;
  if (!form.elements.to.value) document.getElementById("id_to").focus();
  else if (!form.elements.subject.value) form.elements.subject.focus();
  else partOf(form, "editor").focus({ atStart: true });
}

// Not before the page has scrolled to its #reply: that takes the focus away.
const form = document.getElementById("composer");
if (form && document.readyState === "complete") begin(form);
else if (form) window.addEventListener("load", () => requestAnimationFrame(() => begin(form)));
