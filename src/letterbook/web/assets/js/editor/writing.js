// The text of an email is written here:
//   <div data-tools="ID">…</div> <div data-link-field="ID">…</div> <input type="hidden" id="ID_html"> <div data-editor id="ID">
// The field holds the HTML whenever the form is read. partOf(form, "editor") gives the editor to others.
import { dropCursor } from "prosemirror-dropcursor";
import { gapCursor } from "prosemirror-gapcursor";
import { history } from "prosemirror-history";
import { EditorState, Plugin, TextSelection } from "prosemirror-state";
import { tableEditing } from "prosemirror-tables";
import { EditorView } from "prosemirror-view";
import { keepPart, partOf } from "../forms.js";
import { cleanPasted } from "./cleaning.js";
import { keyPlugins } from "./keys.js";
import { KeptView, replaceSignature, writeAboveKept } from "./kept.js";
import { LinkField } from "./links.js";
import { picturePlugin, Pictures, PictureView } from "./pictures.js";
import { readFragment, readHtml, writeHtml } from "./reading.js";
import { Tools } from "./tools.js";

class Editor {
  constructor(place) {
    place.dataset.started = "";
    this.form = place.closest("form");
    this.field = document.getElementById(`${place.id}_html`);
    this.isStale = false;
    this.links = new LinkField(document.querySelector(`[data-link-field="${place.id}"]`), () => this.view);
    this.view = this.makeView(place);
    this.tools = new Tools(document.querySelector(`[data-tools="${place.id}"]`), this.view);
    this.listen(place);
    keepPart(this.form, "editor", this);
  }

  makeView(place) {
    const pictures = new Pictures(this.form);
    return new EditorView({ mount: place }, {
      state: EditorState.create({ doc: readHtml(this.field.value), plugins: this.plugins() }),
      attributes: { role: "textbox", "aria-multiline": "true", "aria-label": "Message", class: place.className },
      nodeViews: {
        image: (node) => new PictureView(node, pictures),
        kept: (node, view, getPos) => new KeptView(node, view, getPos, pictures),
      },
      handleTextInput: (view, from, to, text) => writeAboveKept(view) && (view.dispatch(view.state.tr.insertText(text)), true),
      // Only moves the selection: what is pasted goes its usual way.
      handlePaste: (view) => writeAboveKept(view) && false,
      transformPastedHTML: cleanPasted,
      dispatchTransaction: (transaction) => this.apply(transaction),
    });
  }

  plugins() {
    const upload = (file) => partOf(this.form, "uploads")?.addPicture(file) ?? null;
    return [...keyPlugins({ openLink: this.links.open }), picturePlugin(upload), history(), tableEditing(), dropCursor({ class: "drop-cursor" }), gapCursor(), placeholder()];
  }

  listen(place) {
    document.querySelector(`[data-tools="${place.id}"] [data-does="link"]`)?.addEventListener("click", () => this.links.show(this.view.state));
    // Written down only when somebody asks: a long email would cost too much at every key.
    this.form.addEventListener("formdata", ({ formData }) => formData.set(this.field.name, this.html));
    for (const select of this.form.querySelectorAll("select[data-signs]")) this.followSender(select);
  }

  apply(transaction) {
    this.view.updateState(this.view.state.apply(transaction));
    if (transaction.docChanged) this.isStale = true;
    this.tools?.follow(this.view);
    if (transaction.docChanged) this.form.dispatchEvent(new Event("letterbook:written", { bubbles: true }));
  }

  get html() {
    if (this.isStale) this.field.value = writeHtml(this.view.state.doc);
    this.isStale = false;
    return this.field.value;
  }

  /** Put other text in the place of all of it. */
  replace(html) {
    const { tr, doc } = this.view.state;
    this.view.dispatch(tr.replaceWith(0, doc.content.size, readHtml(html).content));
  }

  /** Put HTML where the cursor is; into the beginning while nobody has been in the text yet. */
  insert(html) {
    const { tr, doc, selection } = this.view.state;
    const content = readFragment(html);
    const first = doc.firstChild;
    if (selection.empty && selection.$from.parent === first && first.isTextblock && !first.content.size) tr.replaceWith(0, first.nodeSize, content);
    else tr.insert(selection.$to.depth ? selection.$to.after(1) : selection.to, content);
    this.view.dispatch(tr.scrollIntoView());
    this.focus();
  }

  /** Type words where the cursor is. */
  type(text) {
    this.view.dispatch(this.view.state.tr.insertText(text).scrollIntoView());
    this.view.focus();
  }

  focus({ atStart = false } = {}) {
    const { state } = this.view;
    if (atStart) this.view.dispatch(state.tr.setSelection(TextSelection.atStart(state.doc)));
    this.view.focus();
  }

  followSender(select) {
    const signatures = JSON.parse(document.getElementById(select.dataset.signs).textContent);
    let before = signatures[select.value] ?? "";
    select.addEventListener("change", () => {
      const now = signatures[select.value] ?? "";
      if (now !== before) replaceSignature(this.view, now, { wasHtml: before });
      before = now;
    });
  }
}

// "Write here" stands in an empty first line, as long as nothing else is written.
function placeholder() {
  const isBlank = (doc) => doc.firstChild.isTextblock && !doc.firstChild.content.size && (doc.childCount === 1 || doc.child(1).type.name === "kept");
  return new Plugin({
    props: { attributes: ({ doc }) => (isBlank(doc) ? { "data-blank": "" } : {}) },
  });
}

function start(root) {
  for (const place of root.querySelectorAll("[data-editor]:not([data-started])")) new Editor(place);
}

// Last, because classes exist only from their line on.
start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
