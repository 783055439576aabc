// News from the server: <body data-events="/events" data-topics="outgoing activity …">.
// Each message of the stream is JSON with a topic; it becomes a DOM event `letterbook:<topic>` on the body, which
// a fragment waits for:  hx-trigger="letterbook:outgoing from:body".
// Only a visible page listens: browsers allow six connections to a server, and a team keeps many tabs.
// While the stream is broken every topic is announced every five seconds, and once when it is back.
const POLL = 5000;
const LONGEST_WAIT = 60000;
const { events: address, topics = "" } = document.body.dataset;

let stream = null;
let polling = null;
let opening = null;
let wait = 1000;
let missed = false;

if (address) {
  document.addEventListener("visibilitychange", follow);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", follow);
  follow();
}

function follow() {
  if (document.visibilityState === "visible") open();
  else close();
}

function open() {
  if (stream) return;
  clearTimeout(opening);
  stream = new EventSource(address);
  stream.onopen = onOpen;
  stream.onmessage = (message) => announce(JSON.parse(message.data));
  stream.onerror = onBreak;
}

function close() {
  missed = Boolean(stream);
  stream?.close();
  stream = null;
  clearTimeout(opening);
  stopPolling();
}

function onOpen() {
  wait = 1000;
  stopPolling();
  show("live");
  if (missed) announceAll();
  missed = false;
}

// The browser tries again by itself after a lost line, but not after a refusal.
function onBreak() {
  missed = true;
  show("broken");
  polling ??= setInterval(announceAll, POLL);
  if (stream.readyState !== EventSource.CLOSED) return;
  stream = null;
  opening = setTimeout(open, wait);
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

function stopPolling() {
  clearInterval(polling);
  polling = null;
}

function announceAll() {
  for (const topic of topics.split(" ").filter(Boolean)) announce({ topic });
}

function announce(news) {
  document.body.dispatchEvent(new CustomEvent(`letterbook:${news.topic}`, { detail: news }));
}

function show(state) {
  for (const mark of document.querySelectorAll("[data-live]")) mark.dataset.state = state;
}
