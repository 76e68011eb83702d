// What a mail carries: kept on disk as bytes and nothing else, whatever it calls itself.

const LONGEST_NAME = 120;
const FORBIDDEN_IN_NAMES = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff"*/:<>?\\|]/gu;
const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

function safeName(name, otherwise) {
  const plain = name.replace(FORBIDDEN_IN_NAMES, "_").replace(/^[.\s~-]+|[.\s]+$/g, "");
  if (!plain) return otherwise;
  const cut = plain.length > LONGEST_NAME ? plain.slice(-LONGEST_NAME) : plain;
  return DEVICES.test(cut) ? `_${cut}` : cut;
}

function download(bytes, name) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function filesView(content) {
  return element("ul", { class: "files" }, content.files.map(fileItem));
}

function fileItem(file, place) {
  const name = safeName(file.name, `attachment-${place + 1}.bin`);
  const kept = file.content !== null;
  const shown = kept && RASTER.test(file.type);
  return element(
    "li",
    {},
    shown && element("img", { src: dataAddress(file), alt: "", class: "preview" }),
    element(
      "div",
      { class: "file" },
      element("strong", { dir: "auto" }, visible(file.name) || "(without a name)"),
      element("span", { class: "quiet" }, `${visible(file.type)}, ${size(file.bytes)}${file.id ? `, cid:${visible(file.id)}` : ""}`),
    ),
    kept
      ? button("Download", () => download(bytesOf(file.content), name), { "aria-label": `Download ${name}` })
      : element("span", { class: "quiet" }, "too large for this page; --smtpports-save=DIR keeps it"),
  );
}
