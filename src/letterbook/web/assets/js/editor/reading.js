// HTML into a document and back. An email as it is sent has no empty paragraphs (clients let them collapse) and no
// paragraph around the only line of a cell or a list item.
import { DOMParser as ModelParser, DOMSerializer } from "prosemirror-model";
import { KEPT_CLASSES, schema } from "./schema.js";

const parser = ModelParser.fromSchema(schema);
const serializer = DOMSerializer.fromSchema(schema);
// Beyond this, or with a table in a table, it was designed elsewhere and is not taken apart.
const LARGEST_TEXT = 400_000;
const KEPT = Object.keys(KEPT_CLASSES).map((name) => `div.${name}`).join(", ");

/** The document that stored HTML stands for. */
export function readHtml(html) {
  const body = parseInert(html);
  sealDesigns(body, html);
  for (const line of body.querySelectorAll(`br:has(+ :is(${KEPT}))`)) if (line.parentNode === body) line.remove();
  for (const line of body.querySelectorAll("p, div, li, td, th")) dropPlaceholder(line);
  const doc = parser.parse(body);
  return doc.firstChild?.type.name === "kept" ? doc.copy(doc.content.addToStart(emptyParagraph())) : doc;
}

/** The HTML that is stored and sent; "" for an empty document. */
export function writeHtml(doc) {
  if (doc.childCount === 1 && doc.firstChild.isTextblock && !doc.firstChild.content.size) return "";
  const holder = document.createElement("div");
  // In a document of its own, pictures are not fetched while they are only written down.
  const inert = document.implementation.createHTMLDocument("");
  inert.body.append(holder);
  holder.append(serializer.serializeFragment(doc.content, { document: inert }));
  for (const line of holder.querySelectorAll(":is(li, td, th) > p:only-child")) if (!line.hasAttribute("style")) line.replaceWith(...line.childNodes);
  for (const line of holder.querySelectorAll("p:empty, td:empty, th:empty")) if (!line.closest(KEPT)) line.append(inert.createElement("br"));
  for (const block of holder.querySelectorAll(`:scope > :is(${KEPT}) + :is(${KEPT})`)) block.before(inert.createElement("br"));
  return holder.innerHTML;
}

/** The nodes that a kept block, a template or a signature becomes when it is edited like any other text. */
export function readFragment(html) {
  return parser.parse(parseInert(html)).content;
}

/** A detached body: no script runs, no picture is fetched. */
export function parseInert(html) {
  return new DOMParser().parseFromString(html, "text/html").body;
}

// What the schema would take apart goes into a block of its own.
function sealDesigns(body, html) {
  const isLong = html.length > LARGEST_TEXT;
  const parts = [...body.childNodes].filter((part) => part.nodeType !== Node.ELEMENT_NODE || !part.matches(KEPT));
  const designed = parts.filter((part) => isLong || (part.nodeType === Node.ELEMENT_NODE && part.querySelector("table table")));
  if (!designed.length || (isLong && !parts.some((part) => (part.outerHTML ?? part.data ?? "").length > LARGEST_TEXT / 4))) return;
  const seal = body.ownerDocument.createElement("div");
  seal.className = "designed";
  designed[0].before(seal);
  seal.append(...designed);
}

// A line that is only a line break is an empty line, not a line and a break.
function dropPlaceholder(line) {
  if (line.childNodes.length === 1 && line.firstChild.nodeName === "BR" && !line.closest(KEPT)) {
    if (line.nodeName === "DIV") line.replaceWith(line.ownerDocument.createElement("p"));
    else line.firstChild.remove();
  }
}

function emptyParagraph() {
  return schema.node("paragraph");
}
