// The page's address says what is opened: "#mail-3/source", "#connection-2", "#test-1", and else the overview.

const opened = byId("opened");
const app = byId("app");
const search_ = byId("search");
let opening = 0;

function fail(error) {
  opened.replaceChildren(element("p", { class: "notice bad" }, `This can't be shown: ${error}`));
}

async function open() {
  const turn = ++opening;
  const [address, viewName = ""] = location.hash.slice(1).split("/");
  const row = found(address);
  const parts = await partsOf(row, viewName);
  // Something else was opened meanwhile.
  if (turn !== opening) return;
  opened.replaceChildren(button("Back to the list", back, { class: "back" }), ...parts.flat().filter(Boolean));
  opened.scrollTop = 0;
  document.body.classList.toggle("reading", Boolean(row) || address === "overview");
  view.opened = row ?? null;
  if (isListed(row)) activate(row);
  else distinguish();
  document.body.dataset.opened = address;
}

async function partsOf(row, viewName) {
  if (!row) return overview();
  if (row.kind === "test") return openedTest(row);
  if (row.kind === "connection") return openedConnection(row);
  const content = await contents(row);
  return [...mailHeader(row, content), tabs(row, mailViews(row, content), viewName)];
}

function tabs(row, views, chosen) {
  const names = [...views.keys()];
  const panel = element("div", { role: "tabpanel", id: "panel", class: "panel", tabindex: "-1" });
  const handles = names.map((name) =>
    button(views.get(name)[0], () => choose(name, true), { role: "tab", id: `tab-${name}`, "aria-controls": "panel" }),
  );
  function choose(name, focused) {
    for (const [place, handle] of handles.entries()) {
      handle.setAttribute("aria-selected", String(names[place] === name));
      handle.tabIndex = names[place] === name ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    panel.replaceChildren(views.get(name)[1]());
    if (focused) {
      history.replaceState(null, "", `#${row.address}/${name}`);
      handles[names.indexOf(name)].focus();
    }
  }
  const bar = element("div", { role: "tablist", "aria-label": "Views of the mail", class: "tabs" }, handles);
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) turn(by);
  });
  const turn = (by) => {
    const place = handles.findIndex((handle) => handle.getAttribute("aria-selected") === "true");
    choose(names[(place + by + names.length) % names.length], true);
  };
  bar.addEventListener("turn", (event) => turn(event.detail));
  choose(views.has(chosen) ? chosen : names[0], false);
  return element("div", { class: "views" }, bar, panel);
}

function go(row, { quietly = false } = {}) {
  if (!row) return Promise.resolve();
  if (`#${row.address}` === location.hash.split("/")[0]) return Promise.resolve();
  // Who walks through the list does not want each step in the history.
  if (quietly) history.replaceState(null, "", `#${row.address}`);
  else history.pushState(null, "", `#${row.address}`);
  return open().catch(fail);
}

function back() {
  if (document.body.classList.contains("reading") && narrow.matches) {
    history.pushState(null, "", location.pathname + location.search);
    open().catch(fail);
  }
  list.focus();
}

const narrow = matchMedia("(max-width: 52rem)");

function walk(by) {
  const row = step(by);
  if (!row) return;
  activate(row);
  list.focus({ preventScroll: true });
  if (view.opened && !narrow.matches) go(row, { quietly: true });
}

async function enter() {
  if (!view.active) return;
  await go(view.active);
  (opened.querySelector('[role="tab"][aria-selected="true"]') ?? opened).focus();
}

const page = () => Math.max(1, Math.floor(list.clientHeight / HEIGHTS.mail) - 1);
const KEYS = {
  j: () => walk(1),
  k: () => walk(-1),
  "/": () => search_.focus(),
  "?": () => byId("help").showModal(),
  o: () => {
    location.hash = "overview";
  },
  "[": () => turnTo(-1),
  "]": () => turnTo(1),
  Escape: back,
};
const LIST_KEYS = {
  ArrowDown: () => walk(1),
  ArrowUp: () => walk(-1),
  PageDown: () => walk(page()),
  PageUp: () => walk(-page()),
  Home: () => walk(-view.rows.length),
  End: () => walk(view.rows.length),
  Enter: () => enter().catch(fail),
};

function turnTo(by) {
  opened.querySelector('[role="tablist"]')?.dispatchEvent(new CustomEvent("turn", { detail: by }));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  const writing = event.target.matches("input:not([type=checkbox]), select, textarea");
  if (writing && event.key === "Escape") return leave(event);
  if (event.target === search_ && (event.key === "Enter" || event.key === "ArrowDown")) return leave(event);
  if (writing) return;
  const act = (document.activeElement === list && LIST_KEYS[event.key]) || (Object.hasOwn(KEYS, event.key) && KEYS[event.key]);
  if (!act) return;
  event.preventDefault();
  act();
});

function leave(event) {
  event.preventDefault();
  list.focus();
  if (!isListed(view.active)) walk(1);
}

list.addEventListener("click", (event) => {
  const row = found(event.target.closest(".row")?.id.slice("row-".length) ?? "");
  if (row) go(row);
});
list.addEventListener("focus", () => {
  if (!isListed(view.active) && list.matches(":focus-visible")) activate(view.rows[rowAt(list.scrollTop)]);
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  list.focus();
});
byId("overview").addEventListener("click", KEYS.o);
byId("keys").addEventListener("click", () => byId("help").showModal());
addEventListener("hashchange", () => open().catch(fail));
addEventListener("popstate", () => open().catch(fail));

// Theme: as the system, until somebody chooses; remembered where the browser lets a file remember.

const THEME = "smtpports-report-theme";
function remembered(...value) {
  try {
    return value.length ? localStorage.setItem(THEME, ...value) : localStorage.getItem(THEME);
  } catch {
    return null;
  }
}
function dress(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  byId("theme").value = theme;
}
byId("theme").addEventListener("change", (event) => {
  dress(event.target.value);
  remembered(event.target.value);
});
dress(["light", "dark"].find((theme) => theme === remembered()) ?? "");

// On paper: what is opened, or else the list, as far as anybody prints it.

const MOST_PRINTED = 3000;
addEventListener("beforeprint", () => view.rows.length <= MOST_PRINTED && paint(true));
addEventListener("afterprint", () => paint());

app.hidden = false;
document.querySelector(".tools").hidden = false;
filter();
open().catch(fail);
// For who measures: the list is in sight, and answers.
requestAnimationFrame(() => setTimeout(() => performance.mark("usable")));
