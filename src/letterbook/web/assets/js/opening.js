// Small openings and closings:
//   <button data-opens="id">        shows the dialog with that id
//   <button data-closes>            closes the dialog or removes the [data-closable] it stands in
//   <details class="unfold">        closes on a click outside and on Escape
//   <button data-copies="id">       copies the text of the element with that id
//   <select data-submits>           sends its form when changed
//   <input type=checkbox data-ticks="name">   ticks every box of that name, or none
//   <button data-reloads>           loads the page again
//   <details data-folds open>       is closed where there is little room
//   <form class="by-link" id="note"> opened by a link to it, is written in at once
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.opens) document.getElementById(button.dataset.opens)?.showModal();
  if (button && "closes" in button.dataset) close(button);
  if (button?.dataset.copies) copy(button);
  if (button && "reloads" in button.dataset) location.reload();
  closeMenus((menu) => !menu.contains(event.target));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.unfold[open]");
  closeMenus(() => true);
  menu?.querySelector("summary").focus();
});

if (matchMedia("(width < 80rem)").matches) for (const part of document.querySelectorAll("details[data-folds]")) part.open = false;

// Only after the browser has gone there itself, which takes the focus away.
window.addEventListener("hashchange", () => setTimeout(writeInTarget));
window.addEventListener("load", () => setTimeout(writeInTarget));

function writeInTarget() {
  document.querySelector("form.by-link:target textarea")?.focus();
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  const { ticks } = event.target.dataset;
  if (ticks) for (const box of document.getElementsByName(ticks)) box.checked = event.target.checked;
});

function close(button) {
  const dialog = button.closest("dialog");
  if (dialog) dialog.close();
  else button.closest("[data-closable]")?.remove();
}

function closeMenus(which) {
  for (const menu of document.querySelectorAll("details.unfold[open]")) if (which(menu)) menu.open = false;
}

async function copy(button) {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent.trim());
  button.textContent = button.dataset.copied ?? "Copied";
}
