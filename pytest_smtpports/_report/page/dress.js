// How the page looks: by day, by night, and on paper.

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
addEventListener("beforeprint", () => {
  paintBetween(0, MOST_PRINTED);
  const left = view.rows.length - MOST_PRINTED;
  if (left > 0) track.append(element("p", { class: "none" }, `and ${count(left, "more row")}`));
});
addEventListener("afterprint", () => paint());
