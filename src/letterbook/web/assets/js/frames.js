// An email's sealed frame is as tall as what it holds. The frame runs no script: this page looks into it.
//   <iframe data-as-tall-as-its-content …>
const TALLEST = 20000;

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
  new ResizeObserver(() => fit(frame, body)).observe(body);
  fit(frame, body);
}

// Two pixels for the frame's own border.
function fit(frame, body) {
  const height = `${Math.min(TALLEST, body.offsetHeight + 2)}px`;
  if (frame.style.height !== height) frame.style.height = height;
}
