// The list: rows that match, of which only those in sight are elements.

const list = byId("list");
const track = element("div", { class: "track", role: "presentation" });
list.append(track);
const REM = parseFloat(getComputedStyle(document.documentElement).fontSize);
const HEIGHTS = { test: 2.75 * REM, mail: 3.75 * REM, connection: 3.75 * REM };
// Rows beyond the edges that are elements too.
const SPARE = 8;

const view = { rows: [], tops: [], height: 0, active: null, opened: null };

function setRows(matching) {
  view.rows = matching;
  view.tops = [];
  view.height = 0;
  for (const [place, row] of matching.entries()) {
    row.listed = place;
    view.tops.push(view.height);
    view.height += HEIGHTS[row.kind];
  }
  track.style.height = `${view.height}px`;
  if (view.active && view.rows[view.active.listed] !== view.active) view.active = null;
  paint();
}

// The first row that ends below a height.
function rowAt(height) {
  let [low, high] = [0, view.rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (view.tops[middle] + HEIGHTS[view.rows[middle].kind] <= height) low = middle + 1;
    else high = middle;
  }
  return low;
}

function paint() {
  paintBetween(Math.max(0, rowAt(list.scrollTop) - SPARE), rowAt(list.scrollTop + list.clientHeight) + SPARE);
}

function paintBetween(first, last) {
  track.replaceChildren(...view.rows.slice(first, last).map(listed));
  if (!view.rows.length) track.append(element("p", { class: "none" }, rows.length ? "Nothing matches." : "Nothing was captured."));
  distinguish();
}

// The elements stay: one that is pressed is not lost before it is let go.
function distinguish() {
  for (const made of track.querySelectorAll(".row")) {
    made.classList.toggle("active", made.id === idOf(view.active));
    made.setAttribute("aria-selected", String(made.id === idOf(view.opened)));
  }
  if (view.active) list.setAttribute("aria-activedescendant", idOf(view.active));
  else list.removeAttribute("aria-activedescendant");
}

const idOf = (row) => row && `row-${row.address}`;

function listed(row) {
  const made = element(
    "div",
    {
      role: "option",
      id: idOf(row),
      class: `row ${row.kind}`,
      "aria-setsize": view.rows.length,
      "aria-posinset": row.listed + 1,
    },
    ...ROWS[row.kind](row),
  );
  made.style.top = `${view.tops[row.listed]}px`;
  made.style.height = `${HEIGHTS[row.kind]}px`;
  return made;
}

const ROWS = {
  test(row) {
    const place = row.name.lastIndexOf("::");
    const [path, name] = place === -1 ? ["", row.name] : [row.name.slice(0, place), row.name.slice(place + 2)];
    return [mark(row.outcome), element("span", { class: "name" }, name), element("span", { class: "path", title: row.name }, path)];
  },
  mail(row) {
    const others = row.others ? ` and ${row.others} more` : "";
    const whom = `${visible(row.from) || "<>"} → ${row.to.map(visible).join(", ")}${others}`;
    return [
      stamp(row.port),
      element(
        "span",
        { class: "first" },
        element("span", { class: "subject", dir: "auto" }, visible(row.subject) || "(no subject)"),
        " ",
        element("span", { class: "preview", dir: "auto" }, visible(row.preview)),
      ),
      element("span", { class: "second" }, whom),
      element("span", { class: "side" }, row.acknowledged ? time(row.at) : mark("not acknowledged")),
      lock(row),
    ];
  },
  connection(row) {
    return [
      stamp(row.port),
      element("span", { class: "first" }, ending(row.outcome), row.block && row.outcome !== "blocked" ? element("span", { class: "preview" }, row.block) : null),
      element("span", { class: "second", dir: "auto" }, `${row.host ? `${visible(row.host)}: ` : ""}${visible(row.reason)}`),
      element("span", { class: "side" }, time(row.at)),
      lock(row),
    ];
  },
};

// A connection that never came to say anything was neither encrypted nor in clear.
const SAID_NOTHING = new Set(["blocked", "tls-failed", "refused"]);
const inClear = (row) => !row.tls && !SAID_NOTHING.has(row.outcome);

function lock(row) {
  return element("span", { class: `lock ${row.tls ? "tls" : "clear"}` }, row.tls || inClear(row) ? protection(row.tls) : "");
}

function activate(row) {
  view.active = row ?? null;
  if (row) reveal(row);
  distinguish();
}

function reveal(row) {
  const top = view.tops[row.listed];
  const bottom = top + HEIGHTS[row.kind];
  if (top < list.scrollTop) list.scrollTop = top - (row.listed ? HEIGHTS.test : top);
  else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
}

const isListed = (row) => row && view.rows[row.listed] === row;

function step(by) {
  const from = isListed(view.active) ? view.active.listed : by > 0 ? -1 : view.rows.length;
  const to = Math.min(Math.max(from + by, 0), view.rows.length - 1);
  return view.rows[to];
}

let painting = false;
function paintSoon() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    paint();
  });
}
list.addEventListener("scroll", paintSoon, { passive: true });
new ResizeObserver(paintSoon).observe(list);
