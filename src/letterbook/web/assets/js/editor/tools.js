// The buttons above the text: <div role="toolbar" data-tools="editor"> <button data-does="bold"> …
// One stop for Tab; the arrows go from button to button.
import { lift, setBlockType, toggleMark, wrapIn } from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import { liftListItem, wrapInList } from "prosemirror-schema-list";
import { addColumnAfter, addRowAfter, deleteColumn, deleteRow, deleteTable, isInTable } from "prosemirror-tables";
import { TextSelection } from "prosemirror-state";
import { schema } from "./schema.js";

const { nodes, marks } = schema;
const ROWS = 3;
const COLUMNS = 3;

const ACTS = {
  bold: toggleMark(marks.bold),
  italic: toggleMark(marks.italic),
  underline: toggleMark(marks.underline),
  heading: (state, dispatch) => setBlockType(within(state, nodes.heading) ? nodes.paragraph : nodes.heading)(state, dispatch),
  bullet: listed(nodes.bullet_list),
  number: listed(nodes.ordered_list),
  quote: (state, dispatch) => (within(state, nodes.blockquote) ? lift(state, dispatch) : wrapIn(nodes.blockquote)(state, dispatch)),
  table: insertTable,
  "row-more": addRowAfter, "row-less": deleteRow, "column-more": addColumnAfter, "column-less": deleteColumn, "table-less": deleteTable,
  undo, redo,
};
const PRESSED = {
  bold: marks.bold, italic: marks.italic, underline: marks.underline, link: marks.link,
  heading: nodes.heading, bullet: nodes.bullet_list, number: nodes.ordered_list, quote: nodes.blockquote,
};

export class Tools {
  constructor(bar, view) {
    Object.assign(this, { bar, view, buttons: [...bar.querySelectorAll("button[data-does]")], tableTools: bar.querySelector("[data-table-tools]") });
    bar.addEventListener("click", (event) => this.press(event.target.closest("button[data-does]")));
    // The text keeps its selection while a button is pressed.
    bar.addEventListener("mousedown", (event) => event.target.closest("button[data-does]") && event.preventDefault());
    bar.addEventListener("keydown", (event) => this.step(event));
    view.dom.addEventListener("focus", () => this.showTableTools(false));
    this.follow(view);
  }

  press(button) {
    const act = ACTS[button?.dataset.does];
    if (!act) return;
    if (button.dataset.does === "table" && isInTable(this.view.state)) return this.showTableTools(this.tableTools.hidden);
    act(this.view.state, this.view.dispatch);
    this.showTableTools(false);
    this.view.focus();
  }

  showTableTools(isShown) {
    if (!this.tableTools) return;
    this.tableTools.hidden = !isShown;
    this.bar.querySelector('[data-does="table"]').setAttribute("aria-expanded", String(isShown));
    if (isShown) this.tableTools.querySelector("button").focus();
  }

  step(event) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.view.focus();
    const shown = [...this.bar.querySelectorAll("button, label[tabindex]")].filter((button) => button.checkVisibility() && !button.disabled);
    if (!by || !shown.includes(event.target)) return;
    event.preventDefault();
    this.stop(shown[(shown.indexOf(event.target) + by + shown.length) % shown.length]).focus();
  }

  stop(button) {
    for (const other of this.bar.querySelectorAll("button")) other.tabIndex = other === button ? 0 : -1;
    return button;
  }

  /** Show which looks hold where the cursor is. */
  follow({ state }) {
    for (const button of this.buttons) {
      const kind = PRESSED[button.dataset.does];
      if (kind) button.setAttribute("aria-pressed", String(holds(state, kind)));
      if (["undo", "redo"].includes(button.dataset.does)) button.disabled = !ACTS[button.dataset.does](state);
    }
    if (this.tableTools && !this.tableTools.hidden && !isInTable(state)) this.showTableTools(false);
    if (!this.bar.querySelector('button[tabindex="0"]:not(:disabled)')) this.stop(this.bar.querySelector("button"));
  }
}

function holds(state, kind) {
  const { from, to, empty, $from } = state.selection;
  if (kind.schema.marks[kind.name] !== kind) return within(state, kind);
  return empty ? Boolean(kind.isInSet(state.storedMarks ?? $from.marks())) : state.doc.rangeHasMark(from, to, kind);
}

function within({ selection: { $from } }, type) {
  for (let depth = $from.depth; depth > 0; depth--) if ($from.node(depth).type === type) return true;
  return false;
}

function listed(type) {
  return (state, dispatch) => (within(state, type) ? liftListItem(nodes.list_item)(state, dispatch) : wrapInList(type)(state, dispatch));
}

// In a table the button opens what can be done with it.
function insertTable(state, dispatch) {
  const cells = () => Array.from({ length: COLUMNS }, () => nodes.table_cell.createAndFill());
  const table = nodes.table.create(null, Array.from({ length: ROWS }, () => nodes.table_row.create(null, cells())));
  const { tr } = state;
  tr.replaceSelectionWith(table);
  const place = positionOf(tr.doc, table);
  // There must be a line to go on writing on.
  const end = place + table.nodeSize;
  if (tr.doc.resolve(end).nodeAfter?.isTextblock !== true) tr.insert(end, nodes.paragraph.create());
  dispatch?.(tr.setSelection(TextSelection.near(tr.doc.resolve(place + 1))).scrollIntoView());
  return true;
}

function positionOf(doc, wanted) {
  let found = 0;
  doc.descendants((node, position) => {
    if (node === wanted) found = position;
    return node.type.name !== "table";
  });
  return found;
}
