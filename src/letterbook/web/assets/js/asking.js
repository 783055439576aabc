// htmx, and what is said when the server cannot be asked. Its settings are in base.html (a meta element),
// so that they hold before the first request: no eval, no injected styles, refusals (409, 422) are shown.
//   hx-ext="morph" hx-swap="morph"   a live update keeps focus, scroll and what is being typed
import htmx from "htmx.org/dist/htmx.esm.js";
import { Idiomorph } from "idiomorph/dist/idiomorph.esm.js";

const NO_ANSWER = "The server did not answer. Look at the page again before you press once more.";
const BROKEN = "The server could not do this. Look at the page again before you press once more.";
const SIGNED_OUT = "You are signed out. What you see is no longer kept up to date.";
const STYLES = { morph: "outerHTML", "morph:outerHTML": "outerHTML", "morph:innerHTML": "innerHTML" };

// What the reader unfolded stays open, and a frame stays as tall as its email.
const KEPT = {
  beforeAttributeUpdated: (name, element) => !((name === "open" && element.matches("details")) || (name === "style" && element.matches("iframe"))),
};

// Our own registration: the packaged extension reads its settings with eval, which the CSP forbids.
htmx.defineExtension("morph", {
  isInlineSwap: (style) => STYLES[style] === "outerHTML",
  handleSwap: (style, target, fragment) =>
    STYLES[style] && inPlace(() => Idiomorph.morph(target, fragment.children, { morphStyle: STYLES[style], ignoreActiveValue: true, callbacks: KEPT })),
});

// What arrives above does not push away what one is reading: the row at the top of the window stays where it is.
function inPlace(change) {
  const row = window.scrollY > 0 && [...document.querySelectorAll("[data-row][id]")].find((one) => one.getBoundingClientRect().bottom > 0);
  const before = row && row.getBoundingClientRect().top;
  const changed = change();
  if (row?.isConnected) window.scrollBy(0, row.getBoundingClientRect().top - before);
  return changed;
}

document.addEventListener("htmx:sendError", () => say(NO_ANSWER));
document.addEventListener("htmx:timeout", () => say(NO_ANSWER));
document.addEventListener("htmx:responseError", () => say(BROKEN));
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && !leadsToSignIn(event)) say("");
});
// A fragment asked for after the session ended is answered by the page for signing in: never put that in its place.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!leadsToSignIn(event)) return;
  event.detail.shouldSwap = false;
  say(SIGNED_OUT);
});

function leadsToSignIn({ detail }) {
  const { signIn } = document.body.dataset;
  return Boolean(signIn && detail.xhr.responseURL && new URL(detail.xhr.responseURL).pathname === signIn);
}

function say(text) {
  const place = document.getElementById("trouble");
  if (!place) return;
  place.hidden = !text;
  place.querySelector("[data-words]").textContent = text;
}
