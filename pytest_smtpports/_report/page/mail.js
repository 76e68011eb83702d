// A mail that is opened: who, to whom, how it came, and its views.

function mailHeader(row, content) {
  const { envelope } = content;
  const received = new Set(envelope.recipients);
  const differs = envelope.mail_from !== content.from.join() || [...content.to, ...content.cc].some((each) => !received.has(each));
  const protectedBy = content.tls ? `${protection(content.tls.version)}, ${content.tls.cipher}` : "none: in clear";
  return [
    element("h2", { dir: "auto" }, visible(content.subject) || "(no subject)"),
    facts([
      ["From", addresses(content.from)],
      ["To", addresses(content.to)],
      ["Cc", addresses(content.cc)],
      ["Bcc", addresses(content.bcc)],
      ["Envelope", differs ? `${visible(envelope.mail_from) || "<>"} → ${addresses(envelope.recipients)}` : null],
      ["Parameters", parameters(envelope)],
      ["Message-ID", visible(content.message_id)],
      ["Came", `${moment(row.at)}, ${size(row.bytes)}`],
      ["Port", row.host ? `${row.port} of ${visible(row.host)}` : String(row.port)],
      ["User", content.user === null ? null : visible(content.user)],
      ["TLS", content.tls?.sni ? `${protectedBy}, for ${visible(content.tls.sni)}` : protectedBy],
      ["Test", testLink(row.of)],
    ]),
    !row.acknowledged && element("p", { class: "notice odd" }, "The client was never told that it was taken."),
    row.late && element("p", { class: "notice odd" }, "It came when its test was over, and no test counts it."),
    content.defects.length > 0 && element("p", { class: "notice odd" }, `Defects: ${visible(content.defects.join("; "))}`),
  ];
}

const MOST_ADDRESSES = 100;

function addresses(list) {
  const left = list.length - MOST_ADDRESSES;
  return list.slice(0, MOST_ADDRESSES).map(visible).join(", ") + (left > 0 ? ` and ${count(left, "other")}` : "");
}

function parameters(envelope) {
  return visible([...envelope.mail_parameters, ...envelope.recipient_parameters.flat()].join(" "));
}

function testLink(test) {
  return element("span", { class: "about" }, mark(test.outcome), " ", element("a", { href: `#${test.address}` }, test.name));
}

// The views that a mail has, by their name in the page's address: what each is called, and what makes it.
function mailViews(row, content) {
  const views = new Map();
  const tamed = content.html ? harmless(content.html, content.files) : null;
  const links = [...(tamed?.links ?? []), ...linksIn(content.text)];
  if (content.html_length) views.set("html", ["HTML", () => htmlView(content, tamed)]);
  if (content.text) views.set("text", ["Text", () => element("pre", { class: "text", dir: "auto" }, content.text)]);
  views.set("headers", ["Headers", () => headersView(content)]);
  views.set("source", ["Source", () => sourceView(row, content)]);
  if (content.files.length) views.set("files", [`Attachments ${content.files.length}`, () => filesView(content)]);
  if (links.length) views.set("links", [`Links ${links.length}`, () => linksView(links)]);
  if (row.by) views.set("dialogue", ["Connection", () => connectionView(row.by)]);
  return views;
}

function htmlView(content, tamed) {
  if (!tamed) return element("p", { class: "notice odd" }, `The HTML is too long for this page: ${count(content.html_length, "character")}.`);
  if (tamed.refused) return element("p", { class: "notice odd" }, "This HTML can't be shown safely: see its source.");
  const frame = element("iframe", { sandbox: "", referrerpolicy: "no-referrer", title: "The mail's HTML", class: "html" });
  frame.srcdoc = tamed.html;
  const narrow = element("input", { type: "checkbox" });
  narrow.addEventListener("change", () => frame.classList.toggle("phone", narrow.checked));
  return element(
    "div",
    { class: "shown-html" },
    element("div", { class: "bar" }, blockedNote(tamed.blocked), element("label", { class: "narrow" }, narrow, " as wide as a phone")),
    frame,
  );
}

const MOST_LISTED = 200;

function blockedNote(blocked) {
  if (!blocked.length) return element("p", { class: "quiet" }, "It asks for nothing remote.");
  const left = blocked.length - MOST_LISTED;
  return element(
    "details",
    { class: "blocked" },
    element("summary", {}, notLoaded(blocked)),
    element(
      "ul",
      {},
      blocked.slice(0, MOST_LISTED).map(([kind, address]) => element("li", {}, `${kind} `, element("code", {}, visible(address.slice(0, 2000))))),
      left > 0 && element("li", {}, `and ${left} more`),
    ),
  );
}

function headersView(content) {
  const table = element("table", { class: "headers" });
  for (const [name, value] of content.headers) {
    table.append(element("tr", {}, element("th", { scope: "row" }, visible(name)), element("td", { dir: "auto" }, visible(value))));
  }
  const more = content.more_headers > 0 && element("p", { class: "quiet" }, `and ${count(content.more_headers, "more header")}`);
  return element("div", { class: "wide" }, table, more);
}

function sourceView(row, content) {
  const { text, encoding, left_out: leftOut } = content.source;
  const name = `${safeName(content.subject.slice(0, 60), "mail")}.eml`;
  const bytes = () => (encoding === "utf-8" ? text : Uint8Array.from(text, (char) => char.charCodeAt(0)));
  return element(
    "div",
    {},
    element(
      "div",
      { class: "bar" },
      leftOut
        ? element("p", { class: "notice odd" }, `Cut: ${size(leftOut)} more; --smtpports-save=DIR keeps the whole.`)
        : button("Download .eml", () => download(bytes(), name)),
      encoding === "latin-1" && element("span", { class: "quiet" }, "not UTF-8: a character per byte"),
    ),
    element("pre", { class: "source", tabindex: "0", "aria-label": "Source" }, text.replaceAll("\r\n", "\n")),
  );
}

const LINK = /\bhttps?:\/\/[^\s<>"')\]]{1,2000}/gi;
const linksIn = (text) => [...text.matchAll(LINK)].map(([address]) => ["", address]);

// Addresses as text; only a web address can be followed, by who wants to.
function linksView(links) {
  const left = links.length - MOST_LISTED;
  const item = ([words, address]) =>
    element("li", {}, words && element("span", { class: "quiet", dir: "auto" }, visible(words.slice(0, 200))), linkTo(address));
  return element("ul", { class: "links" }, links.slice(0, MOST_LISTED).map(item), left > 0 && element("li", {}, `and ${left} more`));
}

function linkTo(address) {
  const shown = visible(address.slice(0, 2000));
  if (!/^https?:\/\//i.test(address)) return element("code", {}, shown);
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow", class: "address" }, shown);
}
