// The page's address says what is opened: "#mail-3/source", "#connection-2", "#test-1", "#test=<id>", and else the overview.

const opened = byId("opened");
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
