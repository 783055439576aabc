// What keys do in the text, and what typing turns into: "- " a list, "1. " a numbered one, "> " a quotation.
import { baseKeymap, chainCommands, exitCode, toggleMark } from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import { inputRules, InputRule, textblockTypeInputRule, undoInputRule, wrappingInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import { liftListItem, sinkListItem, splitListItem } from "prosemirror-schema-list";
import { Plugin } from "prosemirror-state";
import { goToNextCell } from "prosemirror-tables";
import { selectKeptBefore } from "./kept.js";
import { schema } from "./schema.js";

const { nodes, marks } = schema;
const ADDRESS = /(?:^|\s)((?:https?:\/\/|www\.)[^\s<>"]+[^\s<>".,;:!?)\]])\s$/i;

/** The plugins that listen to keys; `openLink` shows the field for a link's address. */
export function keyPlugins({ openLink }) {
  const breakLine = chainCommands(exitCode, (state, dispatch) => {
    dispatch?.(state.tr.replaceSelectionWith(nodes.hard_break.create()).scrollIntoView());
    return true;
  });
  return [
    rules(),
    leaveToThePage(),
    keymap({
      "Mod-z": undo, "Shift-Mod-z": redo, "Mod-y": redo,
      "Mod-b": toggleMark(marks.bold), "Mod-i": toggleMark(marks.italic), "Mod-u": toggleMark(marks.underline), "Mod-Shift-x": toggleMark(marks.strike),
      "Mod-k": openLink, "Shift-Enter": breakLine,
      Enter: splitListItem(nodes.list_item),
      // In a list Tab indents, in a table it goes to the next cell, everywhere else it leaves the text.
      Tab: chainCommands(goToNextCell(1), sinkListItem(nodes.list_item)),
      "Shift-Tab": chainCommands(goToNextCell(-1), liftListItem(nodes.list_item)),
      Backspace: chainCommands(undoInputRule, selectKeptBefore),
    }),
    keymap(without(baseKeymap, "Mod-Enter")),
  ];
}

// Ctrl+Enter sends, which is the page's to do: the editor would swallow every kind of Enter.
function leaveToThePage() {
  const sends = (view, event) => event.key === "Enter" && (event.ctrlKey || event.metaKey);
  return new Plugin({ props: { handleDOMEvents: { keydown: sends } } });
}

function without(keys, name) {
  return Object.fromEntries(Object.entries(keys).filter(([key]) => key !== name));
}

function rules() {
  return inputRules({
    rules: [
      wrappingInputRule(/^\s*[-*]\s$/, nodes.bullet_list),
      wrappingInputRule(/^(\d+)[.)]\s$/, nodes.ordered_list, (match) => ({ start: Number(match[1]) }), (match, node) => node.childCount + node.attrs.start === Number(match[1])),
      wrappingInputRule(/^\s*>\s$/, nodes.blockquote),
      textblockTypeInputRule(/^```$/, nodes.preformatted),
      new InputRule(ADDRESS, linkTyped),
    ],
  });
}

function linkTyped(state, [whole, address], from, to) {
  const start = from + whole.indexOf(address);
  const href = /^www\./i.test(address) ? `https://${address}` : address;
  const link = marks.link.create({ href });
  if (state.doc.rangeHasMark(start, to, marks.link)) return null;
  return state.tr.addMark(start, Math.min(start + address.length, to), link).insertText(whole.at(-1), to).removeStoredMark(marks.link);
}
