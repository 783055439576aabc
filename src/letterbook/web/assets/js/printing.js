// A page that was opened to be printed (?print=1) prints itself once every email's frame is there.
if (new URLSearchParams(location.search).get("print") === "1") {
  document.documentElement.dataset.printing = "";
  window.addEventListener("load", async () => {
    await Promise.all([...document.querySelectorAll("iframe")].map(whenLoaded));
    await new Promise(requestAnimationFrame);
    window.print();
  });
}

function whenLoaded(frame) {
  if (frame.contentDocument?.readyState === "complete" && frame.contentDocument.URL !== "about:blank") return null;
  const loaded = new Promise((done) => frame.addEventListener("load", done, { once: true }));
  frame.loading = "eager";
  return loaded;
}
