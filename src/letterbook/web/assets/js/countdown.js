// Counts down to the moment when something leaves:
//   <span data-countdown="7" data-words="Leaves in {} s" data-over="On its way">Leaves in 7 s</span>
// Seconds, not a time of day: the reader's clock may be wrong. At zero a [data-ends] around it is removed.
const deadlines = new WeakMap();

start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
setInterval(() => document.querySelectorAll("[data-countdown]").forEach(tick), 250);

function start(root) {
  const found = [...root.querySelectorAll("[data-countdown]")];
  for (const element of root.matches?.("[data-countdown]") ? [root, ...found] : found) tick(element);
}

function tick(element) {
  if (!deadlines.has(element)) deadlines.set(element, performance.now() + Number(element.dataset.countdown) * 1000);
  const left = Math.ceil((deadlines.get(element) - performance.now()) / 1000);
  if (left > 0) return write(element, element.dataset.words.replace("{}", String(left)));
  write(element, element.dataset.over ?? "");
  element.removeAttribute("data-countdown");
  element.closest("[data-ends]")?.remove();
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
