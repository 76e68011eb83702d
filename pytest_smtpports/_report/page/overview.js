// What stands there while nothing is opened: the run as a whole.

// Outcomes of connections by what they count as.
const COUNTED_AS = {
  delivered: "delivered",
  blocked: "blocked",
  "tls-failed": "failed",
  "auth-failed": "failed",
  refused: "failed",
  abandoned: "failed",
  quit: "nothing sent",
  open: "nothing sent",
};
const COUNTED = ["delivered", "blocked", "failed", "nothing sent"];

// Attempts per port: a bar each, as long as there were attempts, its parts named beside it.
function chart(connections, title) {
  if (!connections.length) return null;
  const ports = new Map();
  for (const { port, outcome } of connections) {
    const numbers = ports.get(port) ?? Object.fromEntries(COUNTED.map((name) => [name, 0]));
    numbers[COUNTED_AS[outcome] ?? "nothing sent"] += 1;
    ports.set(port, numbers);
  }
  const most = Math.max(...[...ports.values()].map(total));
  const lines = [...ports].sort(([one], [other]) => one - other).map(([port, numbers]) => bar(port, numbers, most));
  const legend = COUNTED.filter((name) => [...ports.values()].some((numbers) => numbers[name]));
  return element(
    "figure",
    { class: "chart" },
    element("figcaption", {}, title),
    element("ul", { class: "bars" }, lines),
    element("p", { class: "legend", "aria-hidden": "true" }, legend.map((name) => element("span", {}, swatch(name), name))),
  );
}

const total = (numbers) => Object.values(numbers).reduce((sum, number) => sum + number, 0);
const className = (name) => `part-${name.replace(" ", "-")}`;

function bar(port, numbers, most) {
  const parts = COUNTED.filter((name) => numbers[name]);
  let left = 0;
  const rects = parts.map((name) => {
    const width = (100 * numbers[name]) / most;
    const rect = drawn("rect", { x: left, y: 0, width, height: 10, class: className(name) });
    left += width;
    return rect;
  });
  const words = parts.map((name) => `${numbers[name].toLocaleString("en")} ${name}`).join(", ");
  const picture = drawn("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, ...rects);
  return element("li", {}, stamp(port), picture, element("span", { class: "numbers" }, words));
}

function swatch(name) {
  return drawn("svg", { viewBox: "0 0 10 10", class: "swatch" }, drawn("rect", { width: 10, height: 10, class: className(name) }));
}

function overview() {
  if (!rows.length) {
    return [
      element("h2", {}, "Nothing was captured"),
      element("p", {}, "No test of this run used the ports: none takes the fixture smtpports, or none of those that do was run."),
    ];
  }
  const endings = new Map();
  for (const test of of.test) endings.set(test.outcome, (endings.get(test.outcome) ?? 0) + 1);
  const unhappy = of.test.filter((test) => test.outcome === "failed" || test.outcome === "error");
  return [
    element("h2", {}, "This run"),
    element(
      "ul",
      { class: "totals" },
      totalOf(of.mail.length, "mail"),
      totalOf(of.connection.length, "connection"),
      totalOf(of.test.length, "test"),
      [...endings].map(([outcome, number]) => element("li", {}, element("b", {}, number.toLocaleString("en")), ending(outcome))),
    ),
    chart(of.connection, "Attempts by port"),
    unhappy.length > 0 && element("h3", {}, "Tests that did not pass"),
    unhappy.length > 0 && element("ul", { class: "items" }, unhappy.slice(0, MOST_LISTED).map((test) => element("li", {}, testLink(test)))),
    element("p", { class: "quiet" }, "Choose a mail or a connection in the list; ", element("kbd", {}, "?"), " shows the keys."),
  ];
}

const totalOf = (number, what) => element("li", {}, element("b", {}, number.toLocaleString("en")), ` ${number === 1 ? what : `${what}s`}`);
