// Files go up as soon as they are chosen, dropped or pasted: <ul data-files data-largest="…"> in the form, and
// <input type="file" data-attaches>. Each shows how far it is and can be stopped. Too large is said before anything
// is sent. They go to the form's data-uploads; where no draft is there yet, it is saved first.
import { make, makeIcon } from "./chips.js";
import { keepPart, partOf } from "./forms.js";
import { withTeam } from "./page_team.js";

class Uploads {
  constructor(list) {
    list.dataset.started = "";
    Object.assign(this, { list, form: list.closest("form"), largest: Number(list.dataset.largest), running: new Set() });
    keepPart(this.form, "uploads", this);
    this.total = this.form.querySelector("[data-files-total]");
    this.trouble = this.form.querySelector("[data-files-trouble]");
    this.form.addEventListener("change", (event) => event.target.matches("[data-attaches]") && this.onChoice(event.target));
    this.form.addEventListener("click", (event) => this.onPress(event));
    for (const name of ["dragenter", "dragover"]) this.form.addEventListener(name, (event) => this.onDrag(event));
    for (const name of ["dragleave", "drop"]) this.form.addEventListener(name, (event) => this.onLeave(event));
    this.form.addEventListener("paste", (event) => this.onPaste(event));
    this.form.addEventListener("drop", (event) => this.onDrop(event));
  }

  get isBusy() {
    return this.running.size > 0;
  }

  async whenDone() {
    while (this.isBusy) await Promise.allSettled([...this.running]);
  }

  onChoice(input) {
    this.add([...input.files]);
    input.value = "";
  }

  onDrag(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    this.form.classList.add("is-dropping");
  }

  onLeave(event) {
    if (event.type === "drop" || !this.form.contains(event.relatedTarget)) this.form.classList.remove("is-dropping");
  }

  onDrop(event) {
    if (event.defaultPrevented || !event.dataTransfer.files.length) return;
    event.preventDefault();
    this.add([...event.dataTransfer.files]);
  }

  onPaste(event) {
    const { files, types } = event.clipboardData;
    if (event.defaultPrevented || !files.length || types.includes("text/html")) return;
    event.preventDefault();
    this.add([...files]);
  }

  onPress(event) {
    const button = event.target.closest("[data-removes-file]");
    if (!button) return;
    event.preventDefault();
    this.remove(button.closest("li"), button.dataset.removesFile);
  }

  /** Attach files one after the other. */
  async add(files) {
    this.say("");
    for (const file of files) await this.follow(file, {});
  }

  /** Upload a picture that stands in the text; returns what the server made of it, or null. */
  addPicture(file) {
    return this.follow(file, { is_inline: "1" });
  }

  async follow(file, more) {
    if (!this.fits(file)) return null;
    const line = this.makeLine(file);
    const run = this.send(file, more, line);
    this.running.add(run);
    try {
      const kept = await run;
      this.settle(line, kept);
      return kept;
    } catch (problem) {
      line.remove();
      if (problem.message) this.say(`${file.name}: ${problem.message}`);
      return null;
    } finally {
      this.running.delete(run);
      this.sum();
    }
  }

  fits(file) {
    const total = this.used() + file.size;
    if (total <= this.largest) return true;
    this.say(`All files of an email together may have ${inWords(this.largest)}; with ${file.name} they have ${inWords(total)}. Put it where the recipient can download it, and send the link.`);
    return false;
  }

  used() {
    return [...this.list.children].reduce((sum, line) => sum + Number(line.dataset.size), 0);
  }

  makeLine(file) {
    const line = make("li", "chip");
    line.dataset.size = file.size;
    const bar = Object.assign(make("progress", "upload-bar"), { max: 100, value: 0, ariaLabel: `Uploading ${file.name}` });
    const stop = Object.assign(make("button"), { type: "button", ariaLabel: `Stop uploading ${file.name}` });
    stop.append(makeIcon("lucide--x"));
    stop.addEventListener("click", () => line.request?.abort());
    line.append(makeIcon("lucide--file-text"), make("span", "[overflow-wrap:anywhere]", file.name), bar, stop);
    this.list.append(line);
    this.sum();
    return line;
  }

  async send(file, more, line) {
    if (!this.form.dataset.uploads) await partOf(this.form, "autosave").keepNow({ evenIfEmpty: true });
    if (!this.form.dataset.uploads) throw new Error("it could not be attached; the draft is not saved yet. Try again in a moment.");
    return new Promise((done, fail) => {
      const request = (line.request = new XMLHttpRequest());
      request.open("POST", this.form.dataset.uploads);
      for (const [name, value] of Object.entries(this.headers())) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded, total }) => (line.querySelector("progress").value = (100 * loaded) / total);
      request.onload = () => answered(request, done, fail);
      request.onerror = () => fail(new Error("the connection broke. Try again."));
      request.onabort = () => fail(new Error(""));
      const form = new FormData();
      form.append("file", file);
      // Beside the file its name would come with its quotes as %22.
      form.append("name", file.name);
      for (const [name, value] of Object.entries(more)) form.append(name, value);
      request.send(form);
    });
  }

  headers() {
    return withTeam({ "X-CSRFToken": this.form.elements.csrfmiddlewaretoken.value, Accept: "application/json" });
  }

  // A picture of the text stands there, not among the files; its size counts all the same.
  settle(line, kept) {
    const shown = new DOMParser().parseFromString(kept.html, "text/html").body.firstElementChild;
    line.replaceWith(shown);
  }

  async remove(line, address) {
    line.setAttribute("aria-busy", "true");
    const answer = await fetch(address, { method: "POST", headers: this.headers() }).catch(() => null);
    // 404: it is gone already, which is what was wanted.
    if (answer?.ok || answer?.status === 404) line.remove();
    else this.say("The file could not be removed. Try again.");
    line.removeAttribute("aria-busy");
    this.sum();
  }

  sum() {
    const used = this.used();
    this.total.textContent = used ? `${inWords(used)} of ${inWords(this.largest)}` : "";
    this.form.dispatchEvent(new CustomEvent("letterbook:files", { bubbles: true }));
  }

  say(text) {
    this.trouble.textContent = text;
    this.trouble.hidden = !text;
  }
}

// As the server writes sizes: 1 KB is 1,000 bytes.
function inWords(size) {
  return size < 1e6 ? `${Math.round(size / 1000)} KB` : `${(size / 1e6).toFixed(1)} MB`;
}

function answered(request, done, fail) {
  let answer = null;
  try {
    answer = JSON.parse(request.responseText);
  } catch {
    return fail(new Error("it could not be attached. Look whether you are still signed in, then try again."));
  }
  if (request.status === 200) done(answer);
  else fail(new Error(answer.message ?? "it could not be attached. Try again."));
}

function start(root) {
  for (const list of root.querySelectorAll("[data-files]:not([data-started])")) new Uploads(list);
}

// Last, because classes exist only from their line on.
start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
