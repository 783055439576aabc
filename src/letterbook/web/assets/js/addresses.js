// What a person types or pastes into a recipient field, taken apart, with what is wrong about each piece.
const NAMED = /^(.*?)\s*<([^<>]*)>$/s;
const LOCAL = /^[a-z\d!#$%&'*+/=?^_`{|}~-]+(\.[a-z\d!#$%&'*+/=?^_`{|}~-]+)*$/i;
const QUOTED = /^"([\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])+"$/;
const LABEL = /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i;
const GROUP = /^[^@<>",;:]*:\s*/;
const LONGEST = 254;
const LONGEST_LOCAL = 64;

/** "Ruth <ruth@x.example>; tom@y.example" → [{ name, email, text, problem, isValid }, …], in the order written. */
export function readAddresses(text) {
  return split(text).map(readAddress);
}

/** The same of what was pasted, where a comma inside "Adeyemi, Ruth <ruth@x.example>" belongs to the name. */
export function readPasted(text) {
  return readAddresses(`${text};`);
}

/** Whether what was typed so far is one address that could be finished here. */
export function isWhole(text) {
  const read = readAddresses(text);
  return read.length === 1 && read[0].isValid;
}

/** The plain text that the form sends. */
export function writeAddresses(addresses) {
  return addresses.map((address) => address.text).join(", ");
}

/** A name and an address as the form sends them. */
export function writeAddress({ name, email }) {
  if (!name) return email;
  const quoted = /[",;<>()[\]:@\\]/.test(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : name;
  return `${quoted} <${email}>`;
}

/** The form in which two spellings of one address are equal. */
export function keyOf({ email }) {
  return email.trim().toLowerCase();
}

/** What is wrong with an address, in a few words that fit on a chip; "" where nothing is. */
export function problemOf(email) {
  const at = email.lastIndexOf("@");
  if (at < 0) return "has no @";
  return problemOfLocal(email.slice(0, at)) || problemOfDomain(email.slice(at + 1)) || (email.length > LONGEST ? "is too long" : "");
}

function problemOfLocal(local) {
  if (!local) return "has nothing before @";
  if (QUOTED.test(local)) return "";
  if (local.includes("@")) return "has two @";
  if (/\s/.test(local)) return "has a space in it";
  if (/[^\x20-\x7e]/.test(local)) return "has a letter before @ that Gmail cannot deliver to";
  if (local.length > LONGEST_LOCAL) return "is too long before @";
  return LOCAL.test(local) ? "" : "has a sign before @ that addresses do not have";
}

function problemOfDomain(domain) {
  if (!domain) return "has nothing after @";
  if (/\s/.test(domain)) return "has a space in it";
  if (domain.endsWith(".")) return "ends with a dot";
  if (!domain.includes(".")) return "needs a dot after @";
  const labels = asciiDomain(domain).split(".");
  if (!labels.every((label) => LABEL.test(label))) return "has no real domain after @";
  return /^\d+$/.test(labels.at(-1)) ? "names a computer by number" : "";
}

// Browsers know how a domain in other letters is written in plain ones.
function asciiDomain(domain) {
  if (/^[\x20-\x7e]*$/.test(domain)) return domain;
  const address = `http://${domain}/`;
  return URL.canParse(address) ? new URL(address).hostname : "";
}

function readAddress(text) {
  const [, name, email] = NAMED.exec(text) ?? [null, "", text.replace(/^mailto:/i, "")];
  const bare = name.replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1").trim();
  const trimmed = email.trim();
  const problem = problemOf(trimmed);
  const written = name.startsWith('"') || !/[,;]/.test(name) ? text : writeAddress({ name: bare, email: trimmed });
  return { name: bare, email: trimmed, text: name ? written : trimmed, problem, isValid: !problem };
}

// Semicolons part what Outlook writes, where a comma stands between somebody's names; a line break parts, because people
// paste columns. Else commas part, and spaces where there are whole addresses on both sides.
function split(text) {
  const lines = splitAt(text, /[;\r\n\t]/);
  const isList = lines.length > 1;
  const parts = lines.flatMap((line) => (isList && NAMED.test(line) && line.split("@").length === 2 ? [line] : splitAt(line, /,/)));
  // "Friends: a@x, b@y;" is a group: its name is nobody's address.
  const bare = parts.map((part) => part.trim().replace(GROUP, (name) => (/^mailto:/i.test(name) ? name : "")));
  return bare.filter(Boolean).flatMap(splitAtSpaces);
}

// What stands inside "quotes" and <angles> is not parted, but by a line break.
function splitAt(text, separator) {
  const parts = [""];
  let quoted = false;
  let angled = false;
  for (const letter of text) {
    if (letter === '"') quoted = !quoted;
    if (letter === "<") angled = true;
    if (letter === ">") angled = false;
    const isInside = (quoted || angled) && /[,;]/.test(letter);
    if (separator.test(letter) && !isInside) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

function splitAtSpaces(part) {
  const words = part.split(/\s+/);
  return words.every((word) => !problemOf(word)) ? words : [part];
}
