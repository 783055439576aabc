// What the dialog of keys says of this page: each key that one of its buttons answers to, in the button's own words, and
//   <template data-keys><dt><kbd class="kbd">F2</kbd></dt><dd>change a recipient</dd></template>
// for keys that no button has. The keys of every page stand in the dialog itself.
const SIGNS = { "mod+enter": `${/Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl"} ↵` };
const EVERYWHERE = ["c", "/"];

/** Open the dialog of keys; returns whether the page has one. */
export function showKeys() {
  const dialog = document.getElementById("keys");
  const place = dialog?.querySelector("[data-page-keys]");
  if (!place) return false;
  place.replaceChildren(...fromButtons(), ...fromTemplates());
  place.closest("section").hidden = !place.children.length;
  if (!dialog.open) dialog.showModal();
  return true;
}

function fromButtons() {
  const shown = new Map();
  for (const element of document.querySelectorAll("[data-key]")) {
    const { key } = element.dataset;
    const isPressed = !EVERYWHERE.includes(key) && element.checkVisibility();
    if (isPressed && !shown.has(key)) shown.set(key, describe(element));
  }
  return [...shown].flatMap(([key, words]) => [makeKey(SIGNS[key] ?? key.toUpperCase()), make("dd", words)]);
}

function fromTemplates() {
  return [...document.querySelectorAll("template[data-keys]")].flatMap((one) => [...one.content.cloneNode(true).children]);
}

// "Reply R" is the button's text with its key in it; a row's button speaks of its row.
function describe(element) {
  const copy = element.cloneNode(true);
  for (const key of copy.querySelectorAll("kbd")) key.remove();
  const words = copy.textContent.replace(/\s+/g, " ").trim() || element.getAttribute("aria-label") || element.title;
  return element.closest("[data-row], .row") ? `${words} (the row you are in)` : words;
}

function makeKey(sign) {
  const term = document.createElement("dt");
  term.append(Object.assign(make("kbd", sign), { className: "kbd" }));
  return term;
}

function make(tag, textContent) {
  return Object.assign(document.createElement(tag), { textContent });
}

document.addEventListener("click", (event) => {
  if (event.target.closest('[data-opens="keys"]')) showKeys();
});
