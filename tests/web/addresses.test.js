// What the recipient fields make of what people type and paste. Run by `npm test`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isWhole, keyOf, problemOf, readAddresses, readPasted, writeAddress, writeAddresses } from "../../src/letterbook/web/assets/js/addresses.js";

const emails = (text) => readAddresses(text).map((address) => address.email);

test("commas, semicolons and line breaks part addresses", () => {
  assert.deepEqual(emails("a@x.example, b@x.example;c@x.example\r\nd@x.example\te@x.example,,"), [
    "a@x.example",
    "b@x.example",
    "c@x.example",
    "d@x.example",
    "e@x.example",
  ]);
});

test("a comma inside quotes belongs to the name", () => {
  const [address, ...others] = readAddresses('"Adeyemi, Ruth" <ruth@x.example>');
  assert.deepEqual([address.name, address.email, others.length], ["Adeyemi, Ruth", "ruth@x.example", 0]);
});

test("what was written is what is sent", () => {
  const text = '"Adeyemi, \\"R\\" Ruth" <ruth@x.example>, tom@x.example';
  assert.equal(writeAddresses(readAddresses(text)), text);
  assert.equal(readAddresses(text)[0].name, 'Adeyemi, "R" Ruth');
});

test("a whole list is taken apart, whatever program it was copied from", () => {
  assert.deepEqual(emails("A <a@x.example>, b@y.example; c@z.example"), ["a@x.example", "b@y.example", "c@z.example"]);
  assert.deepEqual(emails("Friends: a@x.example, b@y.example;"), ["a@x.example", "b@y.example"]);
  assert.deepEqual(emails("mailto:a@x.example"), ["a@x.example"]);
});

test("spaces part whole addresses, and nothing else", () => {
  assert.deepEqual(emails("a@x.example b@x.example  c@x.example"), ["a@x.example", "b@x.example", "c@x.example"]);
  assert.deepEqual(emails("ruth ade b@x.example"), ["ruth ade b@x.example"]);
});

test("in a list of Outlook's the comma stands between somebody's names", () => {
  const read = readAddresses("Adeyemi, Ruth <ruth@x.example>; Pike, Oliver <oliver@y.example>");
  assert.deepEqual(read.map((one) => one.name), ["Adeyemi, Ruth", "Pike, Oliver"]);
  assert.equal(writeAddresses(read), '"Adeyemi, Ruth" <ruth@x.example>, "Pike, Oliver" <oliver@y.example>');
  assert.deepEqual(readPasted("Adeyemi, Ruth <ruth@x.example>").map((one) => one.name), ["Adeyemi, Ruth"]);
  assert.deepEqual(emails("dewi, Ruth <ruth@x.example>"), ["dewi", "ruth@x.example"]);
});

test("an address can be finished when it is whole", () => {
  for (const whole of ["ruth@x.example ", "Ruth Adeyemi <ruth@x.example> "]) assert.equal(isWhole(whole), true, whole);
  for (const begun of ["", "ruth ", "ruth@x ", "Ruth <ruth@x.example", "a@x.example, b@x.example"]) assert.equal(isWhole(begun), false, begun);
});

test("what is wrong is said in words that fit on a chip", () => {
  const wrong = {
    ruth: "has no @",
    "@x.example": "has nothing before @",
    "ruth@": "has nothing after @",
    "ruth@caldermuseum": "needs a dot after @",
    "ruth@x..example": "has no real domain after @",
    "ruth@x.example.": "ends with a dot",
    "a b@x.example": "has a space in it",
    "a@b@x.example": "has two @",
    "a..b@x.example": "has a sign before @ that addresses do not have",
    "jürgen@x.example": "has a letter before @ that Gmail cannot deliver to",
    "a@192.168.0.1": "names a computer by number",
    [`${"a".repeat(65)}@x.example`]: "is too long before @",
    [`a@${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.${"e".repeat(60)}.${"f".repeat(20)}.example`]: "is too long",
  };
  for (const [email, problem] of Object.entries(wrong)) assert.equal(problemOf(email), problem, email);
});

test("a right address has nothing wrong, in any script", () => {
  for (const right of ["ruth@x.example", "o'neil+news@x-y.example", "jurgen@müller.example", "a@例え.jp", '"odd one"@x.example']) {
    assert.equal(problemOf(right), "", right);
  }
  assert.equal(readAddresses("Ruth <r@x.example>")[0].isValid, true);
});

test("two spellings of one address are one", () => {
  assert.equal(keyOf({ email: " Ruth@X.example" }), keyOf({ email: "ruth@x.example" }));
});

test("a name that needs quotes gets them", () => {
  assert.equal(writeAddress({ name: 'Lind, "A"', email: "a@x.example" }), '"Lind, \\"A\\"" <a@x.example>');
  assert.equal(writeAddress({ name: "", email: "a@x.example" }), "a@x.example");
});

test("nothing gives no address", () => {
  assert.deepEqual(readAddresses(" ,;\n "), []);
});
