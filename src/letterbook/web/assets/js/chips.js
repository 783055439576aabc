// One recipient as a chip. Names and addresses are set as text, never as HTML.
/**
 * The element for { name, email, isTeam, problem, isDoubtful }: a face and a name, or a warning, what was typed and what is
 * wrong; of what is only to be looked at again the page says elsewhere why.
 */
export function makeChip(address) {
  const shown = address.name || address.email;
  const isOdd = address.problem || address.isDoubtful;
  const chip = make("span", isOdd ? "chip recipient warn" : "chip recipient");
  Object.assign(chip, { title: address.problem ? `${address.email} ${address.problem}` : address.email, tabIndex: -1, draggable: true });
  chip.setAttribute("role", "group");
  chip.setAttribute("aria-label", `${shown}${address.problem ? `, ${address.problem}` : address.name ? `, ${address.email}` : ""}`);
  chip.append(isOdd ? makeIcon("lucide--triangle-alert") : makeFace(address), make("span", "truncate", shown));
  if (address.problem) chip.append(make("span", "font-normal", address.problem));
  const button = make("button");
  Object.assign(button, { type: "button", ariaLabel: `Remove ${shown}`, tabIndex: -1 });
  button.append(makeIcon("lucide--x"));
  chip.append(button);
  return chip;
}

export function makeFace({ name, email, isTeam }) {
  const face = make("span", isTeam ? "face s us -ml-1" : "face s -ml-1", initials(name || email));
  face.setAttribute("aria-hidden", "true");
  return face;
}

export function makeIcon(name) {
  const icon = make("span", `iconify ${name}`);
  icon.setAttribute("aria-hidden", "true");
  return icon;
}

export function make(tag, className = "", text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

// The same rule as the template filter `initials`.
function initials(text) {
  const words = text.replace(/@.*$/, "").split(/[\s._+-]+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const letters = words.length > 1 ? [words[0], words.at(-1)].map((word) => [...word][0]) : [...(words[0] ?? "?")].slice(0, 2);
  return letters.join("").toUpperCase();
}
