// A mail's HTML made harmless, by three walls. The frame that shows it is a sandbox without any right: no script runs in
// it, and nothing in it leads out. A policy of its own, beside the page's, lets it load nothing. Neither keeps a browser
// from connecting ahead to where a frame would lead, and neither counts: so what could act or tell is taken out here.

const trusted = globalThis.trustedTypes?.createPolicy("mail", { createHTML: (html) => html }) ?? {
  createHTML: (html) => html,
};

const FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'";
// A mail is made for white paper, whatever the page is on.
const FRAME_STYLE =
  ":root { color-scheme: only light; color: #000; font: 16px/1.5 system-ui, sans-serif }" +
  "[data-leads-to] { color: #0b57d0; text-decoration: underline }";

// Elements that are taken out; those that would load or act by what they are called where they are counted.
const REMOVED = new Map([
  ["script", () => "script"],
  ["link", (node) => (/stylesheet/i.test(node.getAttribute("rel")) ? "stylesheet" : "linked file")],
  ["meta", (node) => (/refresh/i.test(node.getAttribute("http-equiv")) ? "redirect" : null)],
  ...["iframe", "frame", "fencedframe", "portal"].map((name) => [name, () => "frame"]),
  ...["object", "embed", "applet"].map((name) => [name, () => "object"]),
  ...["base", "noembed", "noframes", "template", "animate", "animatemotion", "animatetransform", "set"].map((name) => [
    name,
    () => null,
  ]),
]);
// Attributes that name something to load, by what that would be; null where nobody would miss it.
const LOADING = {
  src: "image",
  srcset: "image",
  imagesrcset: "image",
  background: "image",
  poster: "image",
  lowsrc: "image",
  dynsrc: "image",
  data: "object",
  href: "image",
  "xlink:href": "image",
  ping: "ping",
  manifest: "file",
  action: "form target",
  formaction: "form target",
  longdesc: null,
  cite: null,
  codebase: null,
  classid: null,
  archive: null,
  profile: null,
};
const MEDIA = new Set(["audio", "video", "track"]);
const LINKS = new Set(["a", "area"]);
const DROPPED = /^(?:on.*|target|autofocus|accesskey|tabindex|srcdoc|nonce|integrity|attributionsrc|http-equiv|form)$/;
const HARMLESS_DATA = /^data:image\/(?:png|jpe?g|gif|webp|avif|bmp)[;,]/i;
const RASTER = /^image\/(?:png|jpe?g|gif|webp|avif|bmp)$/i;
const FONT = /\.(?:woff2?|ttf|otf|eot)(?:[?#]|$)/i;
// Lengths are bounded, so that a hostile style costs no more than its length.
const LOADED_BY_CSS = /url\(\s*(?:"([^"]{0,2000})"|'([^']{0,2000})'|([^)"']{0,2000}))\s*\)|@import\s{1,9}(?:"([^"]{0,2000})"|'([^']{0,2000})')/gi;
// A letter in disguise, and a string that is an address, which image-set() and src() load too.
const ESCAPED_LETTER = /\\([0-9a-f]{1,6})\s?/gi;
const ADDRESS_IN_CSS = /(["'])\s*((?:https?:)?\/\/[^"']{0,2000})\1/gi;
const MOST_ROUNDS = 20;

// Returns the document for the frame, what was not loaded as [[kind, address]], and where links lead.
function harmless(html, files) {
  const taming = { images: imagesOf(files), blocked: [], links: [] };
  const parsed = settled(html, taming);
  if (!parsed) return { html: "", blocked: taming.blocked, links: taming.links, refused: true };
  const policy = element("meta", { "http-equiv": "Content-Security-Policy", content: FRAME_POLICY });
  const quiet = element("meta", { "http-equiv": "x-dns-prefetch-control", content: "off" });
  parsed.head.prepend(element("meta", { charset: "utf-8" }), policy, quiet, element("style", {}, FRAME_STYLE));
  return { html: trusted.createHTML(written(parsed)), blocked: taming.blocked, links: taming.links, refused: false };
}

// What is written down and read again may turn out to be something else: until it does not, and nothing has to be changed.
function settled(html, taming) {
  let text = html;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const parsed = parse(text);
    const changed = tame(parsed, taming);
    const next = written(parsed);
    if (!changed && next === text) return parsed;
    text = next;
  }
  return null;
}

const parse = (html) => new DOMParser().parseFromString(trusted.createHTML(html), "text/html");
const written = (parsed) => (parsed.compatMode === "CSS1Compat" ? "<!doctype html>" : "") + parsed.documentElement.outerHTML;

function imagesOf(files) {
  const images = new Map();
  for (const file of files) {
    if (file.id && file.content !== null && RASTER.test(file.type)) images.set(file.id, dataAddress(file));
  }
  return images;
}

const dataAddress = (file) => `data:${file.type.toLowerCase()};base64,${file.content}`;

// Whether anything had to be changed.
function tame(parsed, taming) {
  let changed = false;
  for (const node of [...parsed.querySelectorAll("*")]) {
    const name = node.localName.toLowerCase();
    if (REMOVED.has(name)) {
      block(taming, REMOVED.get(name)(node), node.getAttribute("src") ?? node.getAttribute("href") ?? node.getAttribute("data"));
      node.remove();
      changed = true;
      continue;
    }
    if (name === "plaintext") {
      // It has no end, and would take in what is written behind it.
      node.replaceWith(element("pre", {}, node.textContent));
      changed = true;
      continue;
    }
    for (const attribute of [...node.attributes]) changed = tameAttribute(node, name, attribute, taming) || changed;
    if (name === "style") changed = tameStyle(node, taming) || changed;
  }
  return changed;
}

function tameAttribute(node, element, attribute, taming) {
  const name = attribute.name.toLowerCase();
  const value = attribute.value;
  if (name === "style") return replaced(node, attribute, tamedCSS(value, taming));
  if (DROPPED.test(name)) return removed(node, attribute);
  if (LINKS.has(element) && /^(?:xlink:)?href$/.test(name)) return leads(node, attribute, taming);
  // Presentation attributes of SVG take url(…) too.
  if (!Object.hasOwn(LOADING, name)) return /\(/.test(value) && replaced(node, attribute, tamedCSS(value, taming));
  if (HARMLESS_DATA.test(value) || value.startsWith("#")) return false;
  const image = imageFor(value, taming);
  if (image) return replaced(node, attribute, image);
  block(taming, MEDIA.has(element) && name === "src" ? "media file" : LOADING[name], value);
  return removed(node, attribute);
}

function leads(node, attribute, taming) {
  taming.links.push([node.textContent.trim(), attribute.value]);
  node.setAttribute("data-leads-to", "");
  node.setAttribute("title", visible(attribute.value));
  return removed(node, attribute);
}

function tameStyle(node, taming) {
  const css = node.textContent;
  const tamed = tamedCSS(css, taming);
  if (tamed === css) return false;
  node.textContent = tamed;
  return true;
}

function tamedCSS(css, taming) {
  const plain = css.replace(ESCAPED_LETTER, (whole, code) => {
    const letter = parseInt(code, 16) < 128 ? String.fromCharCode(parseInt(code, 16)) : "";
    return /[a-z]/i.test(letter) ? letter : whole;
  });
  const tamed = plain.replace(LOADED_BY_CSS, (whole, ...quoted) => {
    const address = (quoted.slice(0, 5).find((each) => each !== undefined) ?? "").trim();
    if (HARMLESS_DATA.test(address) || address.startsWith("#")) return whole;
    const image = imageFor(address, taming);
    if (image) return `url("${image}")`;
    const kind = whole.startsWith("@") || /\.css(?:[?#]|$)/i.test(address) ? "stylesheet" : "image";
    block(taming, FONT.test(address) ? "font" : kind, address);
    return whole.startsWith("@") ? "" : "none";
  });
  return tamed.replace(ADDRESS_IN_CSS, (whole, quote, address) => {
    block(taming, FONT.test(address) ? "font" : "image", address);
    return '""';
  });
}

function imageFor(address, taming) {
  const [, id] = /^cid:(.*)$/i.exec(address.trim()) ?? [];
  if (id === undefined) return undefined;
  return taming.images.get(id) ?? taming.images.get(unescaped(id));
}

function unescaped(id) {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

function block(taming, kind, address) {
  if (kind !== null && (address ?? kind) !== "") taming.blocked.push([kind, address ?? ""]);
}

function replaced(node, attribute, value) {
  if (value === attribute.value) return false;
  attribute.value = value;
  return true;
}

function removed(node, attribute) {
  node.removeAttributeNode(attribute);
  return true;
}

// "3 remote images and 1 remote font were not loaded."
function notLoaded(blocked) {
  const kinds = new Map();
  for (const [kind] of blocked) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const scripts = kinds.get("script") ?? 0;
  kinds.delete("script");
  const parts = [...kinds].map(([kind, number]) => count(number, `remote ${kind}`));
  const sentences = [];
  const one = (number) => (number === 1 ? "was" : "were");
  if (parts.length) sentences.push(`${enumerated(parts)} ${one(blocked.length - scripts)} not loaded.`);
  if (scripts) sentences.push(`${count(scripts, "script")} ${one(scripts)} taken out.`);
  return sentences.join(" ");
}

const enumerated = (parts) => (parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`);
