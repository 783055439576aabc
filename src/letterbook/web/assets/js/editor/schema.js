// What an email may be made of. What does not fit in here is either cleaned away when it is pasted, or kept as it is
// in a `kept` block: a signature, the quoted history, a design made elsewhere.
import { Schema } from "prosemirror-model";
import { tableNodes } from "prosemirror-tables";

const LINK = /^(https?:\/\/[^\s/]|mailto:)/i;
const PICTURE = /^(cid:|data:image\/(png|gif|jpeg|webp);base64,)/i;
// The looks travel in the email itself: there is no style sheet at the other end.
const TABLE = "border-collapse: collapse; margin: 0 0 1em";
const CELL = "border: 1px solid #b8b4aa; padding: 4px 8px; vertical-align: top; text-align: left";
const QUOTE = "margin: 0 0 1em; padding-left: 12px; border-left: 2px solid #ccc8bf";
export const KEPT_CLASSES = { gmail_signature: "signature", gmail_quote: "quotation", designed: "design" };

const aligned = { align: { default: null } };
const alignOf = (dom) => ({ align: /^(center|right|justify)$/.exec(dom.style?.textAlign || dom.getAttribute?.("align") || "")?.[0] ?? null });
const withAlign = ({ align }) => (align ? { style: `text-align: ${align}` } : {});

const nodes = {
  doc: { content: "(block | kept)+" },
  paragraph: {
    content: "inline*", group: "block", attrs: aligned,
    parseDOM: [{ tag: "p", getAttrs: alignOf }],
    toDOM: (node) => ["p", withAlign(node.attrs), 0],
  },
  heading: {
    content: "inline*", group: "block", defining: true, attrs: { ...aligned, level: { default: 2 } },
    parseDOM: [1, 2, 3, 4, 5, 6].map((level) => ({ tag: `h${level}`, getAttrs: (dom) => ({ ...alignOf(dom), level: Math.min(level, 3) }) })),
    toDOM: (node) => [`h${node.attrs.level}`, withAlign(node.attrs), 0],
  },
  blockquote: {
    content: "block+", group: "block", defining: true,
    parseDOM: [{ tag: "blockquote" }],
    toDOM: () => ["blockquote", { style: QUOTE }, 0],
  },
  bullet_list: { content: "list_item+", group: "block", parseDOM: [{ tag: "ul" }], toDOM: () => ["ul", 0] },
  ordered_list: {
    content: "list_item+", group: "block", attrs: { start: { default: 1 } },
    parseDOM: [{ tag: "ol", getAttrs: (dom) => ({ start: Number.parseInt(dom.getAttribute("start"), 10) || 1 }) }],
    toDOM: (node) => ["ol", node.attrs.start === 1 ? {} : { start: node.attrs.start }, 0],
  },
  list_item: { content: "paragraph block*", defining: true, parseDOM: [{ tag: "li" }], toDOM: () => ["li", 0] },
  preformatted: {
    content: "text*", group: "block", marks: "", code: true, defining: true,
    parseDOM: [{ tag: "pre", preserveWhitespace: "full" }],
    toDOM: () => ["pre", 0],
  },
  rule: { group: "block", parseDOM: [{ tag: "hr" }], toDOM: () => ["hr"] },
  ...tableNodes({ tableGroup: "block", cellContent: "block+", cellAttributes: { look: cellLook() } }),
  kept: {
    group: "kept", atom: true, isolating: true, attrs: { kind: { default: "quotation" }, html: { default: "" } },
    parseDOM: Object.entries(KEPT_CLASSES).map(([name, kind]) => ({ tag: `div.${name}`, priority: 80, getAttrs: (dom) => ({ kind, html: dom.innerHTML }) })),
    toDOM: keptToDom,
  },
  image: {
    group: "inline", inline: true, draggable: true, attrs: { src: {}, alt: { default: "" }, width: { default: null } },
    parseDOM: [{ tag: "img[src]", getAttrs: readPicture }],
    toDOM: ({ attrs: { src, alt, width } }) => ["img", { src, alt, ...(width && { width }), style: "max-width: 100%" }],
  },
  hard_break: { group: "inline", inline: true, selectable: false, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
  text: { group: "inline" },
};
nodes.table.toDOM = () => ["table", { style: TABLE }, ["tbody", 0]];

const marks = {
  link: {
    attrs: { href: {} }, inclusive: false,
    parseDOM: [{ tag: "a[href]", getAttrs: (dom) => (LINK.test(dom.getAttribute("href")) ? { href: dom.getAttribute("href") } : false) }],
    toDOM: (mark) => ["a", { href: mark.attrs.href, rel: "noopener noreferrer nofollow", target: "_blank" }, 0],
  },
  bold: {
    parseDOM: [{ tag: "strong" }, { tag: "b", getAttrs: (dom) => dom.style.fontWeight !== "normal" && null }, { style: "font-weight", getAttrs: (value) => /^(bold(er)?|[5-9]\d\d)$/.test(value) && null }],
    toDOM: () => ["strong", 0],
  },
  italic: { parseDOM: [{ tag: "em" }, { tag: "i" }, { style: "font-style=italic" }], toDOM: () => ["em", 0] },
  underline: { parseDOM: [{ tag: "u" }, { tag: "ins" }, { style: "text-decoration", getAttrs: (value) => /underline/.test(value) && null }], toDOM: () => ["u", 0] },
  strike: { parseDOM: [{ tag: "s" }, { tag: "del" }, { tag: "strike" }, { style: "text-decoration", getAttrs: (value) => /line-through/.test(value) && null }], toDOM: () => ["s", 0] },
  code: { parseDOM: [{ tag: "code" }, { tag: "tt" }], toDOM: () => ["code", 0] },
  // Colours that somebody else gave a text stay; ours has no button for them.
  tinted: {
    attrs: { style: {} },
    parseDOM: [{ tag: "span[style], font[color]", consuming: false, getAttrs: readTint }],
    toDOM: (mark) => ["span", { style: mark.attrs.style }, 0],
  },
};

export const schema = new Schema({ nodes, marks });

/** Whether an address may stand in a link. */
export function isLink(text) {
  return LINK.test(text);
}

function cellLook() {
  return {
    default: "",
    getFromDOM: (dom) => styleOf(dom, ["background-color", "text-align", "width"]),
    setDOMAttr: (value, attributes) => (attributes.style = value ? `${CELL}; ${value}` : CELL),
  };
}

function styleOf(dom, names) {
  const found = names.map((name) => [name, dom.style.getPropertyValue(name)]).filter(([, value]) => value && !/[("';]url|left|start/.test(value));
  return found.map(([name, value]) => `${name}: ${value}`).join("; ");
}

function readTint(dom) {
  const style = styleOf(dom, ["color", "background-color"]);
  const color = dom.getAttribute("color");
  return style || color ? { style: style || `color: ${color.replace(/[^#\w]/g, "")}` } : false;
}

function readPicture(dom) {
  const src = dom.getAttribute("src");
  return PICTURE.test(src) ? { src, alt: dom.getAttribute("alt") ?? "", width: dom.getAttribute("width") } : false;
}

function keptToDom({ attrs: { kind, html } }) {
  // In a document of its own: what is only written down fetches no picture.
  const dom = document.implementation.createHTMLDocument("").createElement("div");
  dom.className = Object.keys(KEPT_CLASSES).find((name) => KEPT_CLASSES[name] === kind);
  dom.innerHTML = html;
  return dom;
}
