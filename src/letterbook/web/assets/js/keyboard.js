// Keys. An element says which key presses it:  data-key="c"  (a field is entered, anything else is clicked).
// "?" shows the keys, Ctrl+/ also while typing. In a list, j and k go to the next and the previous row that leads somewhere; a
// key is looked for in the current row first.  data-key="mod+enter"  also works while typing, inside its form. One
// switch turns single keys off (WCAG 2.1.4):  <input type="checkbox" data-single-keys>.
import { showKeys } from "./keys_shown.js";

const STORED = "letterbook:single-keys";
const ROWS = "[data-row], .row:has(a, button)";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const isWithControl = event.ctrlKey || event.metaKey;
  if (isWithControl && event.key === "Enter") return pressInForm(event);
  if (isWithControl && event.key === "/" && !document.querySelector("dialog[open]") && showKeys()) return event.preventDefault();
  if (isWithControl || event.altKey || isTyping(event.target) || !isOn()) return;
  if (document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  const used = key === "j" ? step(1) : key === "k" ? step(-1) : key === "?" ? showKeys() : press(key);
  if (used) event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-single-keys]")) localStorage.setItem(STORED, event.target.checked ? "on" : "off");
});

for (const box of document.querySelectorAll("[data-single-keys]")) box.checked = isOn();

function isOn() {
  return localStorage.getItem(STORED) !== "off";
}

function isTyping(element) {
  return Boolean(element.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]"));
}

function press(key) {
  const found = find(key);
  if (!found) return false;
  if (found.matches("input, textarea, select")) {
    found.focus();
    found.select?.();
  } else found.click();
  return true;
}

// The row's own first; then a field, so that "/" on the page of the search does not leave it.
function find(key) {
  const wanted = `[data-key="${CSS.escape(key)}"]`;
  const row = document.activeElement?.closest(ROWS);
  const all = [...document.querySelectorAll(wanted)].filter((element) => element.checkVisibility() && isOutsideOtherRows(element, row));
  return all.find((element) => row?.contains(element)) ?? all.find((element) => element.matches("input")) ?? all[0];
}

// Without a current row, "r" must not answer whoever happens to stand first.
function isOutsideOtherRows(element, row) {
  const own = element.closest(ROWS);
  return !own || own === row;
}

function pressInForm(event) {
  const button = event.target.closest?.("form")?.querySelector('[data-key="mod+enter"]');
  if (!button) return;
  event.preventDefault();
  button.click();
}

function step(by) {
  const rows = [...document.querySelectorAll(ROWS)].filter((row) => row.checkVisibility());
  const now = rows.indexOf(document.activeElement?.closest(ROWS));
  const row = rows[now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by];
  const link = row && leadingFrom(row);
  link?.focus();
  row?.scrollIntoView({ block: "nearest" });
  return Boolean(link);
}

// What is folded away cannot be entered; an open email may have nothing but its menu.
function leadingFrom(row) {
  const kinds = ["a.open", "a.subject", "a, button, summary"];
  return kinds.flatMap((kind) => [...row.querySelectorAll(kind)]).find((element) => element.checkVisibility());
}
