// An email's sealed frame is as tall as what it holds, and what is wider than the frame is shown smaller. The frame runs
// no script: this page looks into it.
//   <iframe data-as-tall-as-its-content …>
const TALLEST = 20000;
const SMALLEST = 0.6;   // below that nobody reads: it scrolls sideways instead

start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));

function start(root) {
  for (const frame of root.querySelectorAll("iframe[data-as-tall-as-its-content]")) {
    frame.addEventListener("load", () => follow(frame));
    follow(frame);
  }
}

function follow(frame) {
  const body = frame.contentDocument?.body;
  if (!body?.firstChild) return;
  let width = 0;
  new ResizeObserver(() => {
    if (width !== body.offsetWidth) shrink(body.ownerDocument.getElementById("email"));
    width = body.offsetWidth;
    fit(frame, body);
  }).observe(body);
  fit(frame, body);
}

function shrink(email) {
  if (!email) return;
  email.style.zoom = "";
  const share = email.clientWidth / email.scrollWidth;
  if (share < 1) email.style.zoom = Math.max(SMALLEST, share);
}

// Two pixels for the frame's own border.
function fit(frame, body) {
  const height = `${Math.min(TALLEST, body.offsetHeight + 2)}px`;
  if (frame.style.height !== height) frame.style.height = height;
}
