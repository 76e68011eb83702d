// Elements and words made of values: whoever wrote a text, it stays a text.

const byId = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

function button(text, act, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

// What can't be seen, or turns the direction of what is read, as an escape.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;
const visible = (text) =>
  text.replace(UNSEEN, (char) => `\\u${char.codePointAt(0).toString(16).padStart(4, "0")}`);

const count = (number, one, several = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : several}`;

function size(bytes) {
  if (bytes < 1024) return count(bytes, "byte");
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1048576).toFixed(1)} MiB`;
}

// "2024-05-17T12:00:00.123456+00:00", as the data has it, is told in UTC.
const day = (at) => at.slice(0, 10);
const time = (at) => at.slice(11, 19);
const moment = (at) => `${day(at)} ${time(at)}${/\.\d{3}/.exec(at)?.[0] ?? ""} UTC`;

const protection = (version) => (version ? version.replace("TLSv", "TLS ") : "in clear");

// How a test or a connection ended: a sign, and whether that is good.
const SIGNS = {
  passed: ["✓", "good"],
  failed: ["✗", "bad"],
  error: ["!", "bad"],
  skipped: ["–", "idle"],
  xfailed: ["–", "idle"],
  xpassed: ["✓", "odd"],
  delivered: ["✓", "good"],
  "not acknowledged": ["?", "odd"],
  blocked: ["⊘", "bad"],
  "tls-failed": ["✗", "odd"],
  "auth-failed": ["✗", "odd"],
  refused: ["✗", "odd"],
  abandoned: ["✗", "odd"],
  quit: ["–", "idle"],
  open: ["…", "idle"],
};

function ending(outcome) {
  const [sign, manner] = SIGNS[outcome] ?? ["?", "idle"];
  return element("span", { class: `ending ${manner}` }, element("span", { "aria-hidden": "true" }, sign), ` ${outcome}`);
}

function mark(outcome) {
  const [sign, manner] = SIGNS[outcome] ?? ["?", "idle"];
  return element("span", { class: `mark ${manner}`, role: "img", "aria-label": outcome, title: outcome }, sign);
}

const stamp = (port) => element("span", { class: "stamp" }, String(port));

// Names beside values; what is absent is left out, what may be long has a line for itself.
const LONG = new Set(["TLS", "Test", "Envelope", "Why"]);

function facts(pairs) {
  const list = element("dl", { class: "facts" });
  for (const [name, value] of pairs) {
    if (value === null || value === undefined || value === "" || value.length === 0) continue;
    list.append(element("div", { class: LONG.has(name) && "long" }, element("dt", {}, name), element("dd", { dir: "auto" }, value)));
  }
  return list;
}
