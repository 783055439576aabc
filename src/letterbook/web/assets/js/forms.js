// What belongs to a form: its "editor", its "uploads", its "autosave". So modules find each other without importing.
const parts = new WeakMap();

export function keepPart(form, name, part) {
  parts.set(form, { ...parts.get(form), [name]: part });
}

export function partOf(form, name) {
  return parts.get(form)?.[name];
}
