// The type-ahead under a field: a combobox with a list (ARIA 1.2), filled from box.dataset.suggest. `describe` says what
// stands in the line of a suggestion; without it, it is a person's.
import { make, makeFace } from "./chips.js";
import { withTeam } from "./page_team.js";

const PAUSE = 120;

export class Suggestions {
  constructor(input, box, choose, describe = describePerson) {
    Object.assign(this, { input, box, choose, describe, found: [], current: -1 });
    this.list = make("div", "menu-pop");
    Object.assign(this.list, { id: `${input.id || input.name}_suggestions`, role: "listbox", hidden: true, ariaLabel: "Suggestions" });
    box.append(this.list);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id })) {
      input.setAttribute(name, value);
    }
    if (!box.dataset.suggest) return;
    input.addEventListener("input", () => this.later());
    // mousedown, not click: the field must not lose focus first, or what was typed becomes a chip.
    this.list.addEventListener("mousedown", (event) => this.onPress(event));
  }

  onPress(event) {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) this.take([...this.list.children].indexOf(option));
  }

  /** Whether the key was the list's: arrows, Enter or Tab on a chosen line, Escape. */
  onKey(event) {
    if (this.list.hidden) return false;
    if (event.key === "ArrowDown") this.mark(this.current + 1);
    else if (event.key === "ArrowUp") this.mark(this.current - 1);
    else if (event.key === "Escape") this.hide();
    else if (["Enter", "Tab"].includes(event.key) && this.current >= 0) this.take(this.current);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    this.asking?.abort();
    const typed = this.input.value.trim();
    if (!typed) return this.hide();
    this.asking = new AbortController();
    const found = await this.find(typed, this.asking.signal);
    if (document.activeElement === this.input && this.input.value.trim() === typed) this.show(found);
  }

  /** Whom the letters may mean; nobody when that cannot be asked: an address can be typed in full without it. */
  async find(typed, signal) {
    if (!this.box.dataset.suggest) return [];
    const address = new URL(this.box.dataset.suggest, location.href);
    address.searchParams.set("q", typed);
    try {
      const answer = await fetch(address, { headers: withTeam({ Accept: "application/json" }), signal });
      return answer.ok && !answer.redirected ? (await answer.json()).suggestions : [];
    } catch {
      return [];
    }
  }

  show(found) {
    this.found = found;
    this.list.replaceChildren(...found.map((suggestion, index) => this.makeOption(suggestion, index)));
    this.list.hidden = !found.length;
    this.input.setAttribute("aria-expanded", String(found.length > 0));
    this.mark(found.length ? 0 : -1);
  }

  makeOption(suggestion, index) {
    const option = make("div");
    Object.assign(option, { id: `${this.list.id}_${index}`, role: "option" });
    option.append(...this.describe(suggestion));
    return option;
  }

  mark(index) {
    const options = [...this.list.children];
    this.current = options.length ? (index + options.length) % options.length : -1;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === this.current)));
    const marked = options[this.current];
    if (marked) this.input.setAttribute("aria-activedescendant", marked.id);
    else this.input.removeAttribute("aria-activedescendant");
    marked?.scrollIntoView({ block: "nearest" });
  }

  take(index) {
    const chosen = this.found[index];
    this.hide();
    this.choose(chosen);
  }

  hide() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.mark(-1);
    this.current = -1;
  }
}

function describePerson({ name, email, is_team: isTeam }) {
  const parts = [makeFace({ name, email, isTeam }), make("span", "", name || email)];
  if (name) parts.push(make("span", "ml-auto truncate text-xs text-faint", email));
  return parts;
}
