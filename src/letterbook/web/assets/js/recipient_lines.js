// The lines of recipients of one form, To, Cc and Bcc: which there are, and which of them are shown.
import { keyOf } from "./addresses.js";

const lines = new WeakMap();

/** Remember what stands in a box. */
export function keepLine(box, line) {
  lines.set(box, line);
}

/** The lines of the form that this element is in, from above. */
export function linesOf(element) {
  return [...(element.closest("form")?.querySelectorAll("[data-recipients]") ?? [])].map((box) => lines.get(box)).filter(Boolean);
}

/** The line that has this address, in whichever it stands. */
export function lineWith(element, address) {
  return linesOf(element).find((one) => one.addresses.some((known) => keyOf(known) === keyOf(address)));
}

/** Cc and Bcc are there when somebody is in them, or wants them. */
export function hideEmpty(form) {
  for (const button of form?.querySelectorAll("[data-reveals]") ?? []) {
    const row = form.querySelector(`[data-line="${button.dataset.reveals}"]`);
    const isUsed = row.querySelector(".recipient, [aria-invalid]");
    row.hidden = !isUsed;
    button.hidden = Boolean(isUsed);
  }
}

/** Show the line that an empty Cc or Bcc is hidden in. */
export function reveal(box) {
  const row = box.closest("[data-line]");
  if (!row?.hidden) return;
  row.hidden = false;
  const button = box.closest("form").querySelector(`[data-reveals="${row.dataset.line}"]`);
  if (button) button.hidden = true;
}
