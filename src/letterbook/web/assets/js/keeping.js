// What could not be saved is kept in this tab until it is: a reload or signing in again loses no word.
const PREFIX = "letterbook:unsaved:";

export class LocalCopy {
  constructor(form) {
    this.form = form;
    forgetOthers(form.dataset.person);
  }

  get name() {
    const { person, member } = this.form.dataset;
    return `${PREFIX}${person}:${member}:${new URL(this.form.action, location.href).pathname}`;
  }

  /** Whether it could be kept: a very long text may not fit. */
  write(fields) {
    const kept = fields.filter(([name]) => !["csrfmiddlewaretoken", "do"].includes(name));
    try {
      sessionStorage.setItem(this.name, JSON.stringify(kept));
      return true;
    } catch {
      return false;
    }
  }

  read() {
    const kept = sessionStorage.getItem(this.name);
    return kept ? new Map(JSON.parse(kept)) : null;
  }

  forget() {
    sessionStorage.removeItem(this.name);
  }
}

// Somebody else may have signed in since, in this same tab.
function forgetOthers(person) {
  for (const name of Object.keys(sessionStorage)) {
    if (name.startsWith(PREFIX) && !name.startsWith(`${PREFIX}${person}:`)) sessionStorage.removeItem(name);
  }
}
