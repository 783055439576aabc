// One recipient's chip becomes a field in its place, until Enter or leaving it keeps what was typed, or Escape does not.
/** Let `text` be typed anew where the chip stands; `done` is called once, with what was typed or null. */
export function editChip(chip, text, done) {
  const input = Object.assign(document.createElement("input"), { type: "text", value: text, className: "chip-input", ariaLabel: `Change ${text}` });
  let isOver = false;
  const end = (isKept) => {
    if (isOver) return;
    isOver = true;
    input.remove();
    done(isKept ? input.value : null);
  };
  input.addEventListener("blur", () => end(true));
  input.addEventListener("keydown", (event) => {
    if (!["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    end(event.key === "Enter");
  });
  chip.replaceWith(input);
  input.size = Math.max(12, input.value.length);
  input.select();
  input.focus();
}
