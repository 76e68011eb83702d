// What a client and a port said to each other, drawn from top to bottom.

const FIRST_SHOWN = 200;
const MORE_SHOWN = 1000;
// Seconds without a word that are worth a line of their own.
const LONG_SILENCE = 1;

function diagram(row, content) {
  const steps = stepsOf(row, content);
  const list = element("ol", { class: "steps" });
  const more = button("", () => show(MORE_SHOWN), { class: "more" });
  let shown = 0;
  function show(number) {
    list.append(...steps.slice(shown, shown + number).map(drawnStep));
    shown = Math.min(shown + number, steps.length);
    more.hidden = shown === steps.length;
    more.textContent = `${count(steps.length - shown, "more step")}: show ${Math.min(MORE_SHOWN, steps.length - shown)}`;
  }
  show(FIRST_SHOWN);
  const to = row.host ? `${visible(row.host)}:${row.port}` : `port ${row.port}`;
  return element(
    "div",
    { class: "diagram" },
    element("div", { class: "ends", "aria-hidden": "true" }, element("span", {}, "client"), element("span", {}, to)),
    list,
    more,
  );
}

// Lines of one reply are one step (RFC 5321 §4.2.1); what is told of the connection stands where it happened.
function stepsOf(row, content) {
  const steps = [];
  const tls = content.tls && { kind: "tls", text: [content.tls.version, content.tls.cipher].join(", ") };
  const begins = content.dialogue.findIndex(([direction, , text]) => direction === "C" && /^starttls\s*$/i.test(text));
  if (tls && begins === -1) steps.push(tls);
  let last = 0;
  let pending = false;
  for (const [place, [direction, seconds, text]] of content.dialogue.entries()) {
    if (seconds - last >= LONG_SILENCE) steps.push({ kind: "silence", text: `${(seconds - last).toFixed(1)} s of silence` });
    last = seconds;
    const before = steps.at(-1);
    if (direction === "S" && before?.kind === "S" && before.goesOn) {
      Object.assign(before, { text: `${before.text}\n${text}`, goesOn: goesOn(text) });
    } else {
      steps.push({ kind: direction, seconds, text, goesOn: goesOn(text) });
    }
    pending = pending || place === begins;
    if (pending && direction === "S" && !goesOn(text)) {
      pending = false;
      if (tls && text.startsWith("220")) steps.push(tls);
    }
  }
  if (row.outcome === "blocked" && !content.dialogue.length) steps.push({ kind: "lost", text: `connect (${row.block ?? "blocked"})` });
  steps.push({ kind: "end", text: visible(content.reason), outcome: row.outcome, seconds: content.lasted });
  return steps;
}

const goesOn = (text) => /^\d{3}-/.test(text);

const SAID_BY = { C: "client: ", S: "port: " };
const REFUSAL = /^[45]\d\d/;

function drawnStep(step) {
  if (step.kind === "C" || step.kind === "S") return said(step);
  const note = element("span", { class: "note", dir: "auto" }, step.text);
  if (step.kind === "lost") return element("li", { class: "step C lost" }, element("span", { class: "at" }), arrow("⊘", note));
  if (step.kind === "end") {
    const after = step.seconds === null ? null : element("span", { class: "at" }, seconds(step.seconds));
    return element("li", { class: "step end" }, after ?? element("span", { class: "at" }), element("div", { class: "band" }, ending(step.outcome), " ", note));
  }
  const sign = step.kind === "tls" ? "encrypted from here: " : null;
  return element("li", { class: `step ${step.kind}` }, element("span", { class: "at" }), element("div", { class: "band" }, sign, note));
}

function said(step) {
  const refused = step.kind === "S" && REFUSAL.test(step.text);
  return element(
    "li",
    { class: `step ${step.kind}${refused ? " refusal" : ""}` },
    element("span", { class: "at" }, seconds(step.seconds)),
    arrow(null, element("span", { class: "unseen" }, SAID_BY[step.kind]), element("code", {}, shownLines(step.text))),
  );
}

const shownLines = (text) => text.split("\n").map(visible).join("\n");

function arrow(sign, ...words) {
  return element("div", { class: "arrow" }, element("div", { class: "words" }, words), element("div", { class: "shaft", "aria-hidden": "true" }, sign));
}

const seconds = (number) => `${number.toFixed(3)} s`;
