// Saves a draft while it is written: <form data-autosave="/write/7/draft" data-token="/write/token"> … <span data-saved></span>
// The form's fields are posted to that address (files are not). It answers JSON:
//   200 {"saved_at": "09:46:02", "version": 7, "autosave_url"?, "action_url"?, "page_url"?, "files_url"?, "pictures_url"?}
//       kept; the field `version` moves on, and the form is sent to action_url from now on
//   409 {"message", "notice"?: HTML}   somebody else changed it: saving stops, the notice says what and offers a choice
//   422 {"message"}   what was typed cannot be kept; the next change is tried again
// Anything else is tried again, later and later; meanwhile the text is kept in this tab. The form is sent only when
// what stands in it is on the server: an email is never half sent, and nothing is lost while the line is down.
import { keepPart, partOf } from "./forms.js";
import { LocalCopy } from "./keeping.js";
import { withTeam } from "./page_team.js";
import { pauseBefore, verdictOf } from "./pauses.js";
import { putBack } from "./putting_back.js";
import { renewToken } from "./renewing.js";

const PAUSE = 800;
const MOST_ALIVE = 60_000;

class Autosave {
  constructor(form) {
    form.dataset.started = "";
    this.form = form;
    this.copy = new LocalCopy(form);
    this.people = peopleIn(form);
    this.isDirty = this.isStopped = this.isSent = this.isSending = false;
    this.saving = null;
    this.failures = 0;
    keepPart(form, "autosave", this);
    for (const name of ["input", "change", "letterbook:written"]) form.addEventListener(name, (event) => this.onChange(event));
    form.addEventListener("submit", (event) => this.onSubmit(event));
    window.addEventListener("pageshow", () => (this.isSent = this.isSending = false));
    window.addEventListener("beforeunload", (event) => this.onLeaving(event));
    window.addEventListener("pagehide", () => this.isUnkept() && this.copy.write(this.fields()));
    window.addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.save({ keepalive: true }) : this.failures && this.retry()));
    putBack(form, this.copy, this.fields(), () => this.afterPuttingBack());
  }

  afterPuttingBack() {
    this.touch();
    this.say("put back, saving");
  }

  isUnkept() {
    return this.isDirty && !this.isSent;
  }

  // What was typed a moment ago is sent on the way out; one is asked only where that may not be enough.
  onLeaving(event) {
    const isSafe = !this.failures && !this.isStopped && navigator.onLine && !this.saving && !partOf(this.form, "uploads")?.isBusy;
    if (isSafe && this.isUnkept()) {
      this.copy.write(this.fields());
      this.save({ keepalive: true });
    }
    const isCutOff = this.saving && this.isLarge;
    if (this.isUnkept() || isCutOff || partOf(this.form, "uploads")?.isBusy) event.preventDefault();
  }

  onChange(event) {
    if (event.type !== "letterbook:written" && (!event.target.name || event.target.type === "file" || event.target.dataset.unsaved !== undefined)) return;
    this.touch();
  }

  touch() {
    this.isDirty = true;
    if (!this.failures && !this.isStopped) this.say("saving…", { isAnnounced: false });
    if (this.failures && this.copy.write(this.fields())) this.sayKept();
    if (!this.isStopped) this.after(this.failures ? pauseBefore(this.failures) : PAUSE);
  }

  after(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  retry() {
    this.failures = Math.min(this.failures, 1);
    if (this.isDirty) this.after(0);
  }

  // The page goes only when the text is kept. Sent twice by a double click, it would ask for everything twice.
  async onSubmit(event) {
    if (this.isSent) return event.preventDefault();
    const isReady = !this.isDirty && !this.saving && !partOf(this.form, "uploads")?.isBusy;
    if (isReady || this.isStopped || event.submitter?.dataset.leaves !== undefined) {
      this.isSent = true;
      // What happens to it now was chosen: nothing is to be put back later.
      if (this.isStopped && navigator.onLine) this.copy.forget();
      return clearTimeout(this.timer);
    }
    event.preventDefault();
    if (this.isSending) return;
    this.isSending = true;
    const isKept = await this.keepNow();
    this.isSending = false;
    if (isKept) this.form.requestSubmit(event.submitter);
  }

  /** Save what is not saved yet, files included; returns whether all of it is on the server. */
  async keepNow({ evenIfEmpty = false } = {}) {
    if (!evenIfEmpty) await partOf(this.form, "uploads")?.whenDone();
    if (evenIfEmpty) this.isDirty = true;
    while (this.isDirty && !this.isStopped) {
      if (this.saving) await this.saving;
      else if (!(await this.save()) && this.verdict !== "again") return false;
    }
    if (this.saving) await this.saving;
    return !this.isDirty;
  }

  // One request at a time: two could arrive in the wrong order, and the older text would win.
  save({ keepalive = false } = {}) {
    if (!this.isDirty || this.isStopped || this.saving || this.isSent) return Promise.resolve(false);
    clearTimeout(this.timer);
    this.saving = this.saveOnce(keepalive).finally(() => {
      this.saving = null;
    });
    return this.saving;
  }

  async saveOnce(keepalive) {
    const fields = this.fields();
    this.isDirty = false;
    try {
      const answer = await this.post(fields, keepalive);
      const verdict = verdictOf({ status: answer.status, redirected: answer.redirected, path: new URL(answer.url).pathname, signIn: document.body.dataset.signIn });
      return await this.take(verdict, answer, fields);
    } catch {
      return this.fail("later", fields);
    }
  }

  fields() {
    return [...new FormData(this.form)].filter(([, value]) => typeof value === "string");
  }

  post(fields, keepalive) {
    const body = new URLSearchParams(fields).toString();
    const headers = withTeam({ Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" });
    this.isLarge = body.length >= MOST_ALIVE;
    return fetch(this.form.dataset.autosave, { method: "POST", body, headers, keepalive: keepalive && !this.isLarge });
  }

  async take(verdict, answer, fields) {
    if (verdict === "kept") return this.settle(await answer.json());
    if (verdict === "changed") return this.stop(await answer.json(), fields);
    if (verdict === "refused") return this.refuse(await answer.json(), fields);
    if (verdict === "gone") return this.stop({ message: "This draft is gone. Copy what you wrote." }, fields);
    // A new token helps once; a refusal that stays is none of its business.
    const isRenewed = ["stale", "signed-out"].includes(verdict) && this.verdict !== "again" && (await renewToken(this.form));
    return this.fail(isRenewed ? "again" : verdict, fields);
  }

  settle(kept) {
    this.failures = 0;
    this.verdict = "kept";
    for (const place of document.querySelectorAll("[data-signed-out]")) place.hidden = true;
    this.copy.forget();
    this.form.elements.version.value = kept.version;
    if (kept.autosave_url) this.form.dataset.autosave = kept.autosave_url;
    if (kept.action_url) this.form.action = kept.action_url;
    if (kept.files_url) this.form.dataset.uploads = kept.files_url;
    if (kept.pictures_url) this.form.dataset.pictures = kept.pictures_url;
    if (kept.page_url) history.replaceState(history.state, "", kept.page_url);
    if (this.isDirty) this.after(PAUSE);
    else this.say(`saved ${kept.saved_at}`);
    this.form.elements.draft.value = kept.draft;
    // What can be done with a draft only, once there is one.
    for (const one of document.querySelectorAll("[data-once-kept]")) one.hidden = false;
    this.tellPeople();
    return true;
  }

  // What stands beside the email is about the people it goes to.
  tellPeople() {
    const people = peopleIn(this.form);
    if (people !== this.people) document.body.dispatchEvent(new CustomEvent("letterbook:addressed"));
    this.people = people;
  }

  stop({ message, notice }, fields) {
    this.isStopped = this.isDirty = true;
    clearTimeout(this.timer);
    this.copy.write(fields);
    this.say(message);
    const place = this.form.querySelector("[data-trouble]");
    if (place && notice) place.innerHTML = notice;
    place?.scrollIntoView({ block: "nearest" });
    return false;
  }

  letGo() {
    this.isSent = true;
    this.copy.forget();
  }

  refuse({ message }, fields) {
    this.isDirty = true;
    this.copy.write(fields);
    this.say(message);
    return false;
  }

  fail(verdict, fields) {
    this.isDirty = true;
    this.failures += 1;
    this.isKeptHere = this.copy.write(fields);
    this.verdict = verdict;
    this.after(verdict === "again" ? 0 : pauseBefore(this.failures));
    this.sayKept();
    return false;
  }

  sayKept() {
    const here = this.isKeptHere ? "kept in this tab" : "not kept";
    const isSignedOut = ["signed-out", "stale"].includes(this.verdict);
    if (this.verdict === "again") return;
    this.say(isSignedOut ? `signed out, ${here}` : navigator.onLine ? `no answer, ${here}, trying again` : `offline, ${here}`);
    for (const place of document.querySelectorAll("[data-signed-out]")) place.hidden = !isSignedOut;
  }

  // The words stand in the page's head, outside the form. A screen reader need not hear of every pause in typing.
  say(text, { isAnnounced = true } = {}) {
    for (const place of document.querySelectorAll("[data-saved]")) {
      place.ariaLive = isAnnounced ? "polite" : "off";
      place.textContent = text;
    }
  }
}

function peopleIn({ elements }) {
  return ["to", "cc", "bcc"].map((name) => elements[name].value).join();
}

// Taking the other version leaves this one behind on purpose.
document.addEventListener("click", (event) => {
  const form = event.target.closest("[data-takes-theirs]")?.closest("form");
  if (form) partOf(form, "autosave").letGo();
});

function start(root) {
  for (const form of root.querySelectorAll("form[data-autosave]:not([data-started])")) new Autosave(form);
}

// Last, because classes exist only from their line on.
start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
