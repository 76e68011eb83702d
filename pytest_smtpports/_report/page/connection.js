// A connection that is opened, by itself or beside its mail; and a test.

function connectionFacts(row, content) {
  const logins = content.logins.map((login) => `${visible(login.username)} by ${visible(login.mechanism)}: ${login.succeeded ? "let in" : "refused"}`);
  return facts([
    ["Outcome", ending(row.outcome)],
    ["Block", row.block],
    ["Why", visible(content.reason)],
    ["Opened", moment(row.at)],
    ["Lasted", content.lasted === null ? "still open" : seconds(content.lasted)],
    ["Port", row.host ? `${row.port} of ${visible(row.host)}` : String(row.port)],
    ["From", content.peer?.join(":")],
    ["TLS", content.tls ? [content.tls.version, content.tls.cipher, content.tls.sni].filter(Boolean).map(visible).join(", ") : null],
    ["Logins", logins.join("; ")],
    ["Timeout", content.timeout === null ? null : `${content.timeout} s, set by the client`],
    ["Dialled at", content.location === null ? null : element("code", {}, visible(content.location))],
  ]);
}

function connectionView(row) {
  const view = element("div", { class: "wide" }, "…");
  contents(row).then((content) => view.replaceChildren(connectionFacts(row, content), diagram(row, content)), fail);
  return view;
}

async function openedConnection(row) {
  const content = await contents(row);
  const mails = row.mails.slice(0, MOST_LISTED).map(itemLink);
  return [
    element("h2", {}, `${row.host ? visible(row.host) : "Port"} `, stamp(row.port)),
    facts([["Test", testLink(row.of)]]),
    connectionFacts(row, content),
    mails.length > 0 && element("ul", { class: "items" }, mails),
    diagram(row, content),
  ];
}

function itemLink(row) {
  const words = row.kind === "mail" ? visible(row.subject) || "(no subject)" : visible(row.reason);
  return element("li", {}, mark(result(row)), stamp(row.port), element("a", { href: `#${row.address}`, dir: "auto" }, words));
}

function openedTest(row) {
  const left = row.items.length - MOST_LISTED;
  return [
    element("h2", { class: "node" }, row.name),
    facts([
      ["Outcome", ending(row.outcome)],
      ["Captured", `${count(row.mails, "mail")}, ${count(row.connections, "connection")}`],
    ]),
    chart(row.items.filter((item) => item.kind === "connection"), "Attempts of this test by port"),
    element("ul", { class: "items" }, row.items.slice(0, MOST_LISTED).map(itemLink)),
    left > 0 && element("p", { class: "quiet" }, `and ${left} more, in the list`),
    row.items.length === 0 && element("p", { class: "quiet" }, "It sent nothing, and dialled no port."),
  ];
}
