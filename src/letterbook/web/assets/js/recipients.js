// Chips out of a plain field:
//   <div class="recipients" data-recipients data-suggest="/write/people"><input name="to" id="id_to" …></div>
// The field keeps its name and holds the same comma-separated text as without scripting; it is only hidden.
// `data-suggest` is asked with ?q= and answers JSON: {"suggestions": [{"name", "email", "is_team"}]}.
//   Enter , ; and Tab finish an address, a space does after a whole one · ← → go along the chips · Enter or F2 edits one · Backspace removes it · Alt+↑ ↓ moves it to the line above or below
// What other buttons do with the lines is in recipient_buttons.js.
import { isWhole, keyOf, readAddresses, readPasted, writeAddress, writeAddresses } from "./addresses.js";
import { editChip } from "./chip_editing.js";
import { makeChip } from "./chips.js";
import { hideEmpty, keepLine, linesOf, lineWith, reveal } from "./recipient_lines.js";
import { Suggestions } from "./suggestions.js";

const KIND = "application/x-letterbook-recipient";

function start(root) {
  for (const box of root.querySelectorAll("[data-recipients]:not([data-started])")) new Recipients(box);
  for (const form of new Set([...root.querySelectorAll("[data-recipients]")].map((box) => box.closest("form")))) hideEmpty(form);
}

class Recipients {
  constructor(box) {
    box.dataset.started = "";
    this.box = box;
    this.field = box.querySelector("input");
    this.typing = this.makeTyping();
    this.news = Object.assign(document.createElement("span"), { className: "sr-only", role: "status" });
    box.append(this.typing, this.news);
    keepLine(box, this);
    this.suggestions = new Suggestions(this.typing, box, (chosen) => this.choose(chosen));
    this.addresses = [];
    this.add(readAddresses(this.field.value), { isQuiet: true });
    this.listen();
  }

  // The visible input takes over the id, so that the label still names it.
  makeTyping() {
    const typing = document.createElement("input");
    for (const name of ["id", "placeholder", "aria-describedby", "aria-invalid", "autofocus"]) {
      if (this.field.hasAttribute(name)) typing.setAttribute(name, this.field.getAttribute(name));
      if (name !== "placeholder") this.field.removeAttribute(name);
    }
    Object.assign(typing, { type: "text", autocomplete: "off", spellcheck: false, autocapitalize: "none" });
    this.field.type = "hidden";
    return typing;
  }

  listen() {
    this.box.addEventListener("click", (event) => this.onClick(event));
    this.box.addEventListener("dblclick", (event) => event.target.closest(".recipient") && this.edit(this.indexOf(event.target)));
    this.box.addEventListener("keydown", (event) => (event.target === this.typing ? this.onKey(event) : this.onChipKey(event)));
    this.typing.addEventListener("input", () => this.onInput());
    this.typing.addEventListener("blur", () => this.take());
    this.typing.addEventListener("paste", (event) => this.onPaste(event));
    this.typing.form?.addEventListener("submit", () => this.take(), { capture: true });
    this.box.addEventListener("dragstart", (event) => this.onDrag(event));
    this.box.addEventListener("dragover", (event) => event.dataTransfer.types.includes(KIND) && event.preventDefault());
    this.box.addEventListener("drop", (event) => this.onDrop(event));
  }

  get chips() {
    return [...this.box.querySelectorAll(":scope > .recipient")];
  }

  indexOf(element) {
    return this.chips.indexOf(element.closest(".recipient"));
  }

  onClick(event) {
    const chip = event.target.closest(".recipient");
    if (chip && event.target.closest("button")) this.remove(this.indexOf(chip));
    else if (chip) chip.focus();
    else if (event.target === this.box) this.typing.focus();
  }

  onKey(event) {
    if (event.isComposing || this.suggestions.onKey(event)) return;
    const ends = ["Enter", ",", ";"].includes(event.key) && !event.ctrlKey && !event.metaKey;
    if (ends && !this.isInsideQuotes()) {
      event.preventDefault();
      this.take();
    } else if (["Backspace", "ArrowLeft"].includes(event.key) && !this.typing.selectionEnd && this.addresses.length) {
      event.preventDefault();
      this.chips.at(-1).focus();
    }
  }

  // The keys of a phone are told of by what they wrote.
  onInput() {
    const typed = this.typing.value;
    const isOver = /[,;]$/.test(typed) || (/\s$/.test(typed) && isWhole(typed));
    if (isOver && !this.isInsideQuotes()) this.take();
  }

  onChipKey(event) {
    const index = this.indexOf(event.target);
    if (index < 0) return;
    const act = this.actOf(event, index);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  actOf({ key, altKey }, index) {
    if (altKey) return { ArrowUp: () => this.move(index, -1), ArrowDown: () => this.move(index, 1) }[key];
    return {
      ArrowLeft: () => this.chips[Math.max(0, index - 1)].focus(),
      ArrowRight: () => (this.chips[index + 1] ?? this.typing).focus(),
      Home: () => this.chips[0].focus(),
      End: () => this.typing.focus(),
      Backspace: () => this.remove(index), Delete: () => this.remove(index),
      Enter: () => this.edit(index), F2: () => this.edit(index),
    }[key];
  }

  isInsideQuotes() {
    return (this.typing.value.match(/"/g) ?? []).length % 2 === 1;
  }

  onPaste(event) {
    const pasted = event.clipboardData.getData("text");
    const read = readPasted(this.typing.value + pasted);
    if (read.length < 2 && !/[,;\r\n\t]/.test(pasted)) return;
    event.preventDefault();
    this.add(read);
    this.typing.value = "";
  }

  onDrag(event) {
    const address = this.addresses[this.indexOf(event.target)];
    event.dataTransfer.setData(KIND, JSON.stringify(address));
    event.dataTransfer.setData("text/plain", address.text);
    event.dataTransfer.effectAllowed = "move";
  }

  onDrop(event) {
    const dropped = event.dataTransfer.getData(KIND);
    if (!dropped) return;
    event.preventDefault();
    event.stopPropagation();
    this.receive(JSON.parse(dropped));
  }

  /** Take an address over from whichever line has it. */
  receive(address) {
    for (const line of linesOf(this.box)) line.forget(address);
    this.add([address]);
    this.chips.at(-1)?.focus();
  }

  move(index, by) {
    const all = linesOf(this.box);
    const target = all[all.indexOf(this) + by];
    if (!target) return;
    reveal(target.box);
    target.receive(this.addresses[index]);
  }

  forget(address) {
    const index = this.addresses.findIndex((one) => keyOf(one) === keyOf(address));
    if (index >= 0) this.remove(index, { isQuiet: true });
  }

  edit(index) {
    const address = this.addresses[index];
    editChip(this.chips[index], address.text, (typed) => {
      this.replace(index, typed === null ? [address] : readAddresses(typed));
      this.typing.focus();
    });
  }

  replace(index, changed) {
    const rest = this.addresses.slice(index + 1);
    for (const chip of this.chips.slice(index)) chip.remove();
    this.addresses = this.addresses.slice(0, index);
    this.add([...changed, ...rest], { isQuiet: true });
    this.changed("");
  }

  take() {
    const typed = readAddresses(this.typing.value);
    if (typed.length) this.add(typed);
    this.typing.value = "";
    this.suggestions.hide();
  }

  choose({ name, email }) {
    this.typing.value = "";
    this.add([{ name, email, problem: "", isValid: true, text: writeAddress({ name, email }) }]);
  }

  add(addresses, { isQuiet = false } = {}) {
    const added = addresses.filter((address) => !this.isKnown(address)).map((address) => ({ ...address, isTeam: isTeam(address), isDoubtful: isDoubtful(address) }));
    for (const address of added) {
      this.addresses.push(address);
      this.box.insertBefore(makeChip(address), this.typing);
    }
    for (const address of added) if (!address.name && !address.problem) this.findName(address);
    if (added.length && !isQuiet) this.changed(`${added.map((address) => address.name || address.email).join(", ")} added`);
    this.showPlaceholder();
  }

  // An address that is known stands there with its name.
  async findName(address) {
    const [found] = await this.suggestions.find(address.email);
    const index = this.addresses.indexOf(address);
    if (index < 0 || !found?.name || keyOf(found) !== keyOf(address)) return;
    Object.assign(address, { name: found.name, text: writeAddress(found) });
    const had = this.chips[index].contains(document.activeElement);
    this.chips[index].replaceWith(makeChip(address));
    if (had) this.chips[index].focus();
    this.field.value = writeAddresses(this.addresses);
  }

  // Nobody gets an email twice, whichever line they stand in.
  isKnown(address) {
    const line = lineWith(this.box, address);
    if (!line) return false;
    const chip = line.chips[line.addresses.findIndex((known) => keyOf(known) === keyOf(address))];
    chip?.classList.add("is-met");
    setTimeout(() => chip?.classList.remove("is-met"), 1500);
    this.news.textContent = `${address.name || address.email} is there already`;
    return true;
  }

  remove(index, { isQuiet = false } = {}) {
    const [gone] = this.addresses.splice(index, 1);
    const { chips } = this;
    chips[index].remove();
    if (!isQuiet) (chips[index - 1] ?? chips[index + 1] ?? this.typing).focus();
    this.changed(`${gone.name || gone.email} removed`);
    this.showPlaceholder();
  }

  showPlaceholder() {
    this.typing.placeholder = this.addresses.length ? "" : this.field.placeholder;
  }

  changed(news) {
    this.news.textContent = news;
    this.field.value = writeAddresses(this.addresses);
    this.field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** Show what the field says now: something else wrote it. */
  reread() {
    for (const chip of this.chips) chip.remove();
    this.addresses = [];
    this.add(readAddresses(this.field.value), { isQuiet: true });
  }
}

// Team-mates have square faces; the page says which addresses are theirs.
function isTeam(address) {
  return JSON.parse(document.getElementById("team-addresses")?.textContent ?? "[]").includes(keyOf(address));
}

// What the page asks to look at again before the email goes: composer/cautions.html.
function isDoubtful(address) {
  return [...document.querySelectorAll("[data-corrects], [data-removes]")].some(({ dataset }) => keyOf({ email: dataset.corrects ?? dataset.removes }) === keyOf(address));
}

// Last, because classes exist only from their line on.
start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
