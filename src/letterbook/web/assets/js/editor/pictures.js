// Pictures inside the text. A pasted or dropped one is shown at once; it is uploaded as a file of the draft with a
// content id, and from then on the text names it: <img src="cid:…">. The server shows it under data-pictures.
import { Plugin } from "prosemirror-state";

const PICTURE = /^image\/(png|gif|jpeg|webp)$/;
const WIDEST = 720;

/** Where a picture of the text is shown from. */
export class Pictures {
  constructor(form) {
    this.form = form;
  }

  addressOf(source) {
    if (!source.toLowerCase().startsWith("cid:")) return source.startsWith("data:") ? source : "";
    const { pictures } = this.form.dataset;
    return pictures ? pictures.replace("CID", encodeURIComponent(source.slice(4))) : "";
  }
}

/** The view of one picture, shown from where it is stored. */
export class PictureView {
  constructor(node, pictures) {
    this.pictures = pictures;
    this.dom = document.createElement("img");
    this.update(node);
  }

  update(node) {
    if (this.node && node.type !== this.node.type) return false;
    // A picture that was shown from this page's memory stays on screen while it gets its name.
    if (this.node?.attrs.src !== node.attrs.src && !(this.node && node.attrs.src.startsWith("cid:"))) this.dom.src = this.pictures.addressOf(node.attrs.src);
    Object.assign(this.dom, { alt: node.attrs.alt, title: node.attrs.alt });
    if (node.attrs.width) this.dom.width = node.attrs.width;
    this.node = node;
    return true;
  }
}

/** Takes pictures that are pasted or dropped, and gives each that stands in the text as data its file. */
export function picturePlugin(upload) {
  const under = new Set();
  const follow = (view) => {
    view.state.doc.descendants((node) => {
      if (node.type.name !== "image" || !node.attrs.src.startsWith("data:") || under.has(node.attrs.src)) return;
      under.add(node.attrs.src);
      keep(view, node.attrs.src, upload);
    });
  };
  return new Plugin({
    view: (view) => {
      follow(view);
      return { update: (changed, before) => changed.state.doc !== before.doc && follow(changed) };
    },
    props: {
      handlePaste: (view, event) => takeFiles(view, event, event.clipboardData, null),
      handleDrop: (view, event) => takeFiles(view, event, event.dataTransfer, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos),
    },
  });
}

// Word puts a picture of the copied text beside its HTML: the HTML is what was meant.
function takeFiles(view, event, transfer, at) {
  const files = [...(transfer?.files ?? [])];
  const pictures = files.filter((file) => PICTURE.test(file.type));
  if (!pictures.length || pictures.length < files.length || transfer.types.includes("text/html")) return false;
  event.preventDefault();
  event.stopPropagation();
  for (const file of pictures) insert(view, file, at);
  return true;
}

async function insert(view, file, at) {
  const [src, width] = await Promise.all([readAsAddress(file), widthOf(file)]);
  const image = view.state.schema.node("image", { src, alt: "", width: width > WIDEST ? WIDEST : null });
  const { tr } = view.state;
  view.dispatch(at == null ? tr.replaceSelectionWith(image) : tr.insert(Math.min(at, tr.doc.content.size), image));
}

async function keep(view, source, upload) {
  const blob = await (await fetchData(source)).blob();
  const name = `picture.${blob.type.split("/")[1].replace("jpeg", "jpg")}`;
  const kept = await upload(new File([blob], name, { type: blob.type }));
  const { tr } = view.state;
  view.state.doc.descendants((node, at) => {
    if (node.type.name !== "image" || node.attrs.src !== source) return;
    if (kept) tr.setNodeMarkup(tr.mapping.map(at), null, { ...node.attrs, src: `cid:${kept.content_id}` });
    else tr.delete(tr.mapping.map(at), tr.mapping.map(at + node.nodeSize));
  });
  if (tr.docChanged) view.dispatch(tr.setMeta("addToHistory", false));
}

// The page's policy lets nothing be fetched from a data: address, so it is taken apart here.
async function fetchData(source) {
  const [, type, coded] = /^data:([^;]+);base64,(.*)$/s.exec(source);
  return new Response(Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0)), { headers: { "Content-Type": type } });
}

function readAsAddress(file) {
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(file);
  });
}

async function widthOf(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  return bitmap?.width ?? 0;
}
