// The keyboard, and what is pressed.

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

const searched = byId("search");
const page = () => Math.max(1, Math.floor(list.clientHeight / HEIGHTS.mail) - 1);
const KEYS = {
  j: () => walk(1),
  k: () => walk(-1),
  "/": () => searched.focus(),
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
  if (event.target === searched && (event.key === "Enter" || event.key === "ArrowDown")) return leave(event);
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
byId("to-overview").addEventListener("click", KEYS.o);
byId("keys").addEventListener("click", () => byId("help").showModal());
addEventListener("hashchange", () => open().catch(fail));
addEventListener("popstate", () => open().catch(fail));
