// Buttons anywhere on the page that change the recipients of the email that is written:
//   <button data-adds="to" data-address="Ruth <ruth@…>">   <button data-reveals="cc">
//   <button data-removes="ruth@…">   <button data-corrects="ruth@…">   <button data-hides-all> moves everyone to Bcc
import { keyOf, readAddresses } from "./addresses.js";
import { linesOf, reveal } from "./recipient_lines.js";

const PRESSED = {
  reveals: (all, name) => {
    const line = lineNamed(all, name);
    reveal(line.box);
    line.typing.focus();
  },
  adds: (all, name, { address }) => lineNamed(all, name).add(readAddresses(address)),
  removes: (all, email) => all.forEach((line) => line.forget({ email })),
  corrects: (all, email) => {
    const line = all.find(({ addresses }) => addresses.some((one) => keyOf(one) === keyOf({ email })));
    line?.edit(line.addresses.findIndex((one) => keyOf(one) === keyOf({ email })));
  },
  hidesAll: (all) => {
    const hidden = lineNamed(all, "bcc");
    reveal(hidden.box);
    for (const line of all) if (line !== hidden) for (const address of [...line.addresses]) hidden.receive(address);
  },
};

function lineNamed(all, name) {
  return all.find((line) => line.field.name === name);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const form = button && (button.form ?? document.getElementById("composer"));
  const all = form?.querySelector("[data-recipients]") ? linesOf(form.querySelector("[data-recipients]")) : [];
  if (all.length) for (const [name, act] of Object.entries(PRESSED)) if (name in button.dataset) act(all, button.dataset[name], button.dataset);
});
