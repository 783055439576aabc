// The field for a link's address: Ctrl+K or the button shows it above the text, Enter sets it, Escape leaves.
import { toggleMark } from "prosemirror-commands";
import { isLink, schema } from "./schema.js";

const { link } = schema.marks;

export class LinkField {
  constructor(box, getView) {
    Object.assign(this, { box, getView, input: box.querySelector("input") });
    this.open = (state) => this.show(state);
    box.addEventListener("click", (event) => this.press(event.target.closest("[data-link]")?.dataset.link));
    this.input.addEventListener("keydown", (event) => this.onKey(event));
  }

  onKey(event) {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) this.press("set");
    else this.close();
  }

  show(state) {
    const { $from, from, to } = state.selection;
    const here = link.isInSet($from.marks()) ?? link.isInSet(state.doc.nodeAt(from)?.marks ?? []);
    const chosen = state.doc.textBetween(from, to).trim();
    this.input.value = here?.attrs.href ?? (isLink(chosen) ? chosen : "");
    this.input.setCustomValidity("");
    this.box.hidden = false;
    this.input.focus();
    this.input.select();
    return true;
  }

  press(what) {
    if (what === "set" && !this.set()) return;
    if (what === "unset") this.unset();
    if (what) this.close();
  }

  set() {
    const href = withScheme(this.input.value.trim());
    this.input.setCustomValidity(isLink(href) ? "" : "Type an address such as https://example.com");
    if (!this.input.reportValidity()) return false;
    const view = this.getView();
    const [from, to] = rangeOf(view.state);
    const { tr } = view.state;
    if (from === to) tr.insertText(this.input.value.trim(), from);
    const end = from === to ? from + this.input.value.trim().length : to;
    view.dispatch(tr.removeMark(from, end, link).addMark(from, end, link.create({ href })).removeStoredMark(link));
    return true;
  }

  unset() {
    const view = this.getView();
    const [from, to] = rangeOf(view.state);
    if (from === to) toggleMark(link)(view.state, view.dispatch);
    else view.dispatch(view.state.tr.removeMark(from, to, link));
  }

  close() {
    this.box.hidden = true;
    this.getView().focus();
  }
}

function withScheme(text) {
  if (/^[\w.+-]+@[\w.-]+$/.test(text)) return `mailto:${text}`;
  return /^[a-z][a-z\d+.-]*:/i.test(text) ? text : `https://${text}`;
}

// Inside a link without a selection, the whole link is meant.
function rangeOf(state) {
  const { $from, from, to, empty } = state.selection;
  const here = empty && link.isInSet($from.marks());
  if (!here) return [from, to];
  let [start, end] = [from, to];
  $from.parent.forEach((node, offset) => {
    const at = $from.start() + offset;
    if (link.isInSet(node.marks)?.attrs.href === here.attrs.href && at <= from && at + node.nodeSize >= to) [start, end] = [at, at + node.nodeSize];
  });
  return [start, end];
}
