// What the list leaves out: filters, and the search for words.

const SHOWN = { "": "mails, and connections that brought none", mail: "mails", connection: "connections" };
const choices = {};

function choice(name, label, options) {
  const select = element("select", { id: `by-${name}` }, options.map(([value, words]) => element("option", { value }, words)));
  select.addEventListener("change", filter);
  choices[name] = select;
  byId("choices").append(element("label", {}, element("span", {}, label), select));
}

const values = (items, value) => [...new Set(items.map(value))];
const items = [...of.mail, ...of.connection];
const plain = (list) => list.map((value) => [String(value), String(value)]);
choice("kind", "Show", Object.entries(SHOWN));
choice("port", "Port", [["", "any"], ...plain(values(items, (row) => row.port).sort((one, other) => one - other))]);
choice("tls", "TLS", [["", "any"], ["tls", "encrypted"], ["clear", "in clear"]]);
choice("result", "Result", [["", "any"], ...plain(values(items, result))]);
choice("outcome", "Test", [["", "any"], ...plain(values(of.test, (row) => row.outcome))]);

function filter() {
  const chosen = Object.fromEntries(Object.entries(choices).map(([name, select]) => [name, select.value]));
  const wanted = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const alone = !chosen.kind && !chosen.port && !chosen.tls && !chosen.result;
  const matching = [];
  const numbers = { test: 0, mail: 0, connection: 0 };
  for (const test of of.test) {
    if (chosen.outcome && test.outcome !== chosen.outcome) continue;
    const inside = test.items.filter((row) => matches(row, chosen, wanted));
    if (!inside.length && !(alone && wanted.every((word) => test.words.includes(word)))) continue;
    matching.push(test, ...inside);
    numbers.test += 1;
    for (const row of inside) numbers[row.kind] += 1;
  }
  setRows(matching);
  const filtered = wanted.length > 0 || Object.values(chosen).some(Boolean);
  byId("clear").hidden = !filtered;
  tell(numbers);
}

function matches(row, chosen, wanted) {
  if (chosen.kind ? row.kind !== chosen.kind : row.kind === "connection" && row.mails.length) return false;
  if (chosen.port && String(row.port) !== chosen.port) return false;
  if (chosen.tls && !(chosen.tls === "tls" ? row.tls : inClear(row))) return false;
  if (chosen.result && result(row) !== chosen.result) return false;
  return wanted.every((word) => row.words.includes(word));
}

let progress = "";
function tell(numbers) {
  const parts = [count(numbers.mail, "mail"), numbers.connection ? count(numbers.connection, "connection") : null];
  byId("found").textContent = `${parts.filter(Boolean).join(", ")} in ${count(numbers.test, "test")}${progress}`;
}

// What is in the rows is found at once; then the texts are read.
let typed = 0;
function search() {
  clearTimeout(typed);
  filter();
  list.scrollTop = 0;
  if (!byId("search").value.trim()) return;
  typed = setTimeout(() => {
    readTexts((done, all) => {
      progress = done < all ? `; texts: ${Math.floor((100 * done) / all)} %` : "";
      if (done === all || done % 10 === 0) filter();
    }).catch(fail);
  }, 150);
}
byId("search").addEventListener("input", search);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("reset", () => setTimeout(filter));
