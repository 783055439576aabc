// A block that is sent exactly as it came: the signature, the quoted history, a design made elsewhere. It stands
// sealed in the text, can be taken out, or be opened up to be edited like everything else.
import { NodeSelection, TextSelection } from "prosemirror-state";
import { make } from "../chips.js";
import { parseInert, readFragment } from "./reading.js";

const WORDS = {
  signature: { name: "Signature", remark: "Your Gmail signature, added once", isOpen: true },
  quotation: { name: "Quoted history", remark: "Sent along, folded", isOpen: false },
  design: { name: "Designed email", remark: "Sent exactly as it was made", isOpen: true },
};
const LOOK = `:host { all: initial; display: block; contain: paint; overflow-x: auto; color: inherit; font: inherit; line-height: inherit }
  img { max-width: 100%; height: auto } blockquote { margin: .5rem 0 .5rem .25rem; padding-left: .75rem; border-left: 2px solid #8886 } p { margin: 0 0 .75rem } table { max-width: 100% }`;

/** The view of a kept block; `pictures` turns cid: into an address to show. */
export class KeptView {
  constructor(node, view, getPos, pictures) {
    Object.assign(this, { node, view, getPos, pictures });
    this.words = WORDS[node.attrs.kind];
    this.dom = make("div", `kept kept-${node.attrs.kind}`);
    this.dom.contentEditable = "false";
    this.body = make("div", "kept-body");
    this.body.hidden = !this.words.isOpen;
    this.dom.append(this.makeHead(), this.body);
    if (this.words.isOpen) this.show();
  }

  makeHead() {
    const head = make("div", "kept-head");
    if (!this.words.isOpen) head.append(this.makeFold());
    head.append(make("span", "kept-remark", this.words.remark), this.makeButton("Edit", `Edit the ${this.words.name.toLowerCase()}`, () => this.openUp()));
    head.append(this.makeButton("Remove", `Remove the ${this.words.name.toLowerCase()}`, () => this.remove()));
    return head;
  }

  makeFold() {
    const fold = this.makeButton("…", "Show the quoted history", () => {
      this.body.hidden = !this.body.hidden;
      fold.setAttribute("aria-expanded", String(!this.body.hidden));
      this.show();
    });
    fold.classList.add("kept-fold");
    fold.setAttribute("aria-expanded", "false");
    return fold;
  }

  makeButton(text, label, press) {
    const button = make("button", "kept-button", text);
    Object.assign(button, { type: "button", ariaLabel: label });
    button.addEventListener("click", press);
    return button;
  }

  // Its own root: neither our styles get into it, nor its styles out.
  show() {
    if (this.root) return;
    this.root = this.body.attachShadow({ mode: "open" });
    const inside = parseInert(this.node.attrs.html);
    for (const code of inside.querySelectorAll("script, iframe, object, embed, form, style, link, meta")) code.remove();
    for (const picture of inside.querySelectorAll("img")) this.place(picture);
    this.root.append(Object.assign(document.createElement("style"), { textContent: LOOK }), ...inside.childNodes);
  }

  // One that is not there is told by its words.
  place(picture) {
    const address = this.pictures.addressOf(picture.getAttribute("src") ?? "");
    if (address) picture.setAttribute("src", address);
    else picture.replaceWith(picture.alt ? `[${picture.alt}]` : "");
  }

  openUp() {
    const from = this.getPos();
    const content = readFragment(this.node.attrs.html);
    const transaction = this.view.state.tr.replaceWith(from, from + this.node.nodeSize, content);
    this.view.dispatch(transaction.setSelection(TextSelection.near(transaction.doc.resolve(from + 1))));
    this.view.focus();
  }

  remove() {
    const from = this.getPos();
    this.view.dispatch(this.view.state.tr.delete(from, from + this.node.nodeSize));
    this.view.focus();
  }

  update(node) {
    if (node.type !== this.node.type || node.attrs.kind !== this.node.attrs.kind || node.attrs.html !== this.node.attrs.html) return false;
    this.node = node;
    return true;
  }

  stopEvent(event) {
    return Boolean(event.target.closest?.("button"));
  }

  ignoreMutation() {
    return true;
  }
}

/** Put the signature of the chosen sender in the place of the last one, unless somebody touched or removed it. */
export function replaceSignature(view, html, { wasHtml }) {
  const { doc, tr, schema } = view.state;
  let place = null;
  doc.forEach((node, from) => {
    if (node.type.name === "kept" && node.attrs.kind === "signature") place ??= { from, to: from + node.nodeSize, html: node.attrs.html };
  });
  if (!place && wasHtml) return false;
  const block = html ? [schema.node("kept", { kind: "signature", html })] : [];
  const at = place ?? beforeQuotation(doc);
  if (!place && !block.length) return false;
  view.dispatch(block.length ? tr.replaceWith(at.from, at.to, block) : tr.delete(at.from, at.to));
  return true;
}

function beforeQuotation(doc) {
  let at = doc.content.size;
  doc.forEach((node, from) => {
    if (node.type.name === "kept" && node.attrs.kind === "quotation") at = Math.min(at, from);
  });
  return { from: at, to: at };
}

/** Select the block instead of joining it away: Backspace after it asks twice. */
export function selectKeptBefore(state, dispatch) {
  const { $cursor } = state.selection;
  if (!$cursor || $cursor.parentOffset > 0 || $cursor.depth !== 1) return false;
  const before = state.doc.resolve($cursor.before()).nodeBefore;
  if (before?.type.name !== "kept") return false;
  dispatch?.(state.tr.setSelection(NodeSelection.create(state.doc, $cursor.before() - before.nodeSize)));
  return true;
}

/** Where a kept block is selected, go above it: who clicks on the signature and writes does not mean to write it away. */
export function writeAboveKept(view) {
  const { doc, selection, tr, schema } = view.state;
  if (!(selection instanceof NodeSelection) || selection.node.type.name !== "kept") return false;
  const isAfterText = doc.resolve(selection.from).nodeBefore?.isTextblock;
  if (!isAfterText) tr.insert(selection.from, schema.node("paragraph"));
  view.dispatch(tr.setSelection(TextSelection.create(tr.doc, selection.from + (isAfterText ? -1 : 1))));
  return true;
}
