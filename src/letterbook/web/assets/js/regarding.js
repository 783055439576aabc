// What an email is about: <section data-regarding> with one field that looks records up, and [data-subjects], the list.
// A record is linked at once, and the next can be typed: the page stays. Where no draft is there yet, it is saved first;
// an email that is written already is named by data-regards="/outgoing/…/regarding".
// Backspace in the empty field goes to the last record; there Enter removes it.
import { make, makeFace } from "./chips.js";
import { partOf } from "./forms.js";
import { withTeam } from "./page_team.js";
import { Suggestions } from "./suggestions.js";

class Regarding {
  constructor(section) {
    section.dataset.started = "";
    Object.assign(this, { section, form: document.getElementById("composer"), input: section.querySelector("#id_regarding"), waiting: Promise.resolve() });
    this.suggestions = new Suggestions(this.input, this.input.parentElement, (chosen) => this.choose(chosen), describe);
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    section.addEventListener("click", (event) => this.onPress(event));
    this.hideLinked();
  }

  onKey(event) {
    if (event.isComposing || this.suggestions.onKey(event)) return;
    if (event.key === "Enter") event.preventDefault();
    if (event.key === "Backspace" && !this.input.value) this.section.querySelector("[data-subjects] li:last-child button")?.focus();
  }

  onPress(event) {
    const button = event.target.closest("[data-links], [data-unlinks]");
    if (!button) return;
    event.preventDefault();
    const { type, id } = button.dataset;
    const isRemoved = "unlinks" in button.dataset;
    this.input.focus();
    this.later({ type, id, ...(isRemoved && { remove: "1" }) }, `${button.textContent.trim() || button.ariaLabel.replace("Remove ", "")} ${isRemoved ? "removed" : "added"}`);
  }

  choose({ type, id, label, url }) {
    this.input.value = "";
    this.later({ type, id, label, url }, `${label} added`);
  }

  // One after the other, however quickly they are chosen.
  later(subject, news) {
    this.waiting = this.waiting.then(() => this.send(subject, news));
  }

  async send(subject, news) {
    this.say("");
    try {
      const address = await this.address();
      const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
      const body = new URLSearchParams({ ...subject, csrfmiddlewaretoken: token });
      const answer = await fetch(address, { method: "POST", body, headers: withTeam({ Accept: "text/html", "HX-Request": "true" }) });
      this.show(answer, await answer.text(), news);
    } catch {
      this.say("That did not reach the server. Choose it once more.");
    }
  }

  async address() {
    if (this.section.dataset.regards) return this.section.dataset.regards;
    const draft = this.form.elements.draft;
    if (!(await partOf(this.form, "autosave").keepNow({ evenIfEmpty: !draft.value }))) throw new Error();
    return `/outgoing/${draft.value}/regarding`;
  }

  show(answer, html, news) {
    if (!answer.ok) return this.say(textOf(html) || "That cannot be linked.");
    this.section.querySelector("[data-subjects]").innerHTML = html;
    this.section.querySelector("[data-subject-news]").textContent = news;
    this.hideLinked();
  }

  // Whoever is written to is offered until the email is about them.
  hideLinked() {
    const linked = [...this.section.querySelectorAll("[data-subject]")].map((one) => one.dataset.subject);
    for (const button of this.section.querySelectorAll("[data-links]")) button.hidden = linked.includes(`${button.dataset.type}:${button.dataset.id}`);
  }

  say(trouble) {
    const place = this.section.querySelector("#regarding-trouble");
    place.textContent = trouble;
    place.hidden = !trouble;
  }
}

function describe({ type, kind, label, detail }) {
  const icon = type === "contact" ? [makeFace({ name: label, email: "" })] : [];
  return [...icon, make("span", "max-w-3/4 flex-none truncate", label), make("span", "ml-auto truncate text-xs text-faint", detail || kind)];
}

function textOf(html) {
  return new DOMParser().parseFromString(html, "text/html").body.textContent.replace(/\s+/g, " ").trim();
}

function start(root) {
  for (const section of root.querySelectorAll("[data-regarding]:not([data-started])")) if (section.querySelector("#id_regarding")) new Regarding(section);
}

// Last, because classes exist only from their line on.
start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
