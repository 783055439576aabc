// What comes from Word, Gmail, a web page: its words, lists and tables stay, its looks do not.
import { parseInert } from "./reading.js";

const KEPT_STYLES = ["font-weight", "font-style", "text-decoration", "text-align"];
const KEPT_CELL_STYLES = [...KEPT_STYLES, "background-color", "width"];
// data-pm-slice is the editor's own: how a piece that was copied here was cut out.
const KEPT_ATTRIBUTES = new Set(["href", "src", "alt", "width", "colspan", "rowspan", "start", "data-pm-slice"]);
const WORD_LEVEL = /mso-list:[^;]*level(\d)/i;

/** Pasted HTML made fit for the schema. */
export function cleanPasted(html) {
  const body = parseInert(html.replace(/<!--\[if[^\]]*\]>[\s\S]*?<!\[endif\]-->/g, "").replace(/<[^>]*>/g, withoutHandlers));
  for (const gone of body.querySelectorAll("style, script, meta, link, title, o\\:p:empty")) gone.remove();
  buildWordLists(body);
  for (const element of body.querySelectorAll("*")) clean(element);
  return body.innerHTML;
}

// Nothing runs while it is looked at; the page's policy would still report that something wanted to.
function withoutHandlers(tag) {
  return tag.replace(/\son\w+\s*=/gi, " data-off=");
}

// Classes go too: only what the server gave us may stand sealed, and a page could name its text like ours.
function clean(element) {
  const kept = element.matches("td, th") ? KEPT_CELL_STYLES : KEPT_STYLES;
  const style = kept.map((name) => [name, element.style.getPropertyValue(name)]).filter(([, value]) => value);
  for (const name of element.getAttributeNames()) if (!KEPT_ATTRIBUTES.has(name)) element.removeAttribute(name);
  if (style.length) element.setAttribute("style", style.map(([name, value]) => `${name}: ${value}`).join("; "));
}

// Word writes a list as paragraphs that say their level, each with its own bullet typed in front.
function buildWordLists(body) {
  let lists = [];
  for (const line of [...body.querySelectorAll("p, h1, h2, h3")]) {
    const level = Number(WORD_LEVEL.exec(line.getAttribute("style") ?? "")?.[1] ?? 0);
    if (!level || line.previousElementSibling !== lists[0]?.list) lists = [];
    if (level) lists = putIntoList(line, level, lists);
  }
}

function putIntoList(line, level, lists) {
  const kind = takeBullet(line);
  let open = lists.slice(0, level);
  while (open.length < level) open = [...open, { list: openList(line, open.at(-1)?.list, kind) }];
  const entry = line.ownerDocument.createElement("li");
  entry.append(...line.childNodes);
  open.at(-1).list.append(entry);
  line.remove();
  return open;
}

function openList(line, outer, kind) {
  const list = line.ownerDocument.createElement(kind);
  if (!outer) line.before(list);
  else (outer.lastElementChild ?? outer.appendChild(line.ownerDocument.createElement("li"))).append(list);
  return list;
}

function takeBullet(line) {
  const bullet = line.querySelector('[style*="mso-list:Ignore" i], [style*="mso-list: Ignore" i]');
  const text = bullet?.textContent.trim() ?? "";
  bullet?.remove();
  return /^[\da-z]{1,4}[.)]/i.test(text) ? "ol" : "ul";
}
