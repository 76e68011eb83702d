// What the page holds: rows at once, the contents behind them when they are asked for.

const rows = [];
const of = { test: [], mail: [], connection: [] };
const packed = [...document.querySelectorAll("script.contents")];

for (const [chunk, script] of [...document.querySelectorAll("script.rows")].entries()) {
  for (const [place, row] of JSON.parse(script.textContent).entries()) keep(row, chunk, place);
}
for (const test of of.test) connect(test);

function keep(row, chunk, place) {
  const group = of[row.kind];
  group.push(row);
  Object.assign(row, { chunk, place, number: group.length, address: `${row.kind}-${group.length}` });
  if (row.kind === "test") Object.assign(row, { items: [], name: visible(row.test) });
  row.of = of.test.at(-1);
  if (row.kind !== "test") row.of.items.push(row);
  rows.push(row);
}

// A connection's `id` counts within its SMTPPorts, of which a test may have several.
function connect(test) {
  const byNumber = new Map();
  const key = (id, { port, host }) => JSON.stringify([id, port, host]);
  for (const item of test.items) {
    if (item.kind === "connection") byNumber.set(key(item.id, item), Object.assign(item, { mails: [] }));
  }
  for (const item of test.items) {
    if (item.kind !== "mail") continue;
    item.by = byNumber.get(key(item.connection, item)) ?? null;
    item.by?.mails.push(item);
  }
}

const result = (row) => {
  if (row.kind === "connection") return row.outcome;
  return row.acknowledged ? "delivered" : "not acknowledged";
};

// Others know a test by its id alone.
const found = (address) => {
  if (address.startsWith("test=")) {
    const id = decodeURIComponent(address.slice("test=".length));
    return of.test.find((row) => row.test === id);
  }
  const [, kind, number] = /^(test|mail|connection)-(\d{1,9})$/.exec(address) ?? [];
  return kind ? of[kind][number - 1] : undefined;
};

// Contents.

const MOST_UNPACKED = 8;
const unpacked = new Map();

async function contents(row) {
  return (await chunkOf(row.chunk))[row.place];
}

function chunkOf(chunk) {
  const known = unpacked.get(chunk) ?? unpack(chunk);
  // What was asked for last goes last.
  unpacked.delete(chunk);
  unpacked.set(chunk, known);
  if (unpacked.size > MOST_UNPACKED) unpacked.delete(unpacked.keys().next().value);
  return known;
}

async function unpack(chunk) {
  const stream = new Blob([bytesOf(packed[chunk].textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

// Search.

const LONGEST_SEARCHED = 20000;

for (const row of rows) row.words = words(row).join("\n").toLowerCase();

function words(row) {
  if (row.kind === "test") return [row.test];
  const common = [row.of.test, String(row.port), row.host ?? ""];
  if (row.kind === "connection") return [...common, row.outcome, row.reason, row.block ?? ""];
  return [...common, row.subject, row.from, ...row.to, row.preview];
}

// The texts of all mails; read once, a chunk at a time, so that the page stays at hand.
let reading = null;

function readTexts(progress) {
  reading ??= (async () => {
    for (let chunk = 0, place = 0; chunk < packed.length; chunk += 1) {
      for (const content of await unpack(chunk)) addWords(rows[place++], content);
      progress(chunk + 1, packed.length);
    }
  })();
  return reading;
}

function addWords(row, content) {
  if (row.kind === "mail") {
    const names = content.files.map((file) => file.name);
    const addresses = [...content.to, ...content.cc, ...content.envelope.recipients];
    const text = (content.text || content.html).slice(0, LONGEST_SEARCHED);
    row.words += `\n${[...addresses, ...names, text].join("\n").toLowerCase()}`;
  } else if (row.kind === "connection") {
    const said = content.dialogue.map(([, , line]) => line).join("\n");
    row.words += `\n${said.slice(0, LONGEST_SEARCHED).toLowerCase()}`;
  }
}
