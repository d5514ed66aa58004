// Records of runs: a list, and each as the page that `rlm-mcp trace html` writes, in a frame in which
// no script runs and which reaches nothing.

import { ask } from "./api.js";
import { byId, dollars, el, fill, isoAgo, number, visible } from "./dom.js";

const view = byId("view-runs");
const list = el("ul", { class: "plain" });
const told = el("p", { class: "quiet" });
const frame = el("iframe", { sandbox: "", title: "Record of a run", hidden: true });
const hint = el("p", { class: "quiet hint" }, "Choose a run to see its timeline, what it cost, and what"
  + " called what.");
const trusted = globalThis.trustedTypes?.createPolicy("record", { createHTML: (text) => text });
let chosen = "";

export async function open(id) {
  if (!view.firstChild)
    fill(view, el("div", { class: "side" }, el("h2", {}, "Runs"), told, list),
      el("div", { class: "record" }, hint, frame));
  try {
    const { runs, total, unreadable } = await ask("runs");
    told.textContent = total
      ? `${number(total)} recorded${unreadable ? `, ${number(unreadable)} cannot be read` : ""}`
      : "No question has been asked here yet.";
    fill(list, runs.map((run) => el("li", {}, row(run))));
  } catch (error) {
    fill(told, el("span", { class: "bad" }, visible(error.message)));
  }
  if (id) show(id);
  else mark();
}

const row = (run) =>
  el("a", { class: "row run", href: `#runs/${encodeURIComponent(run.trace_id)}`,
    "data-id": run.trace_id },
  el("span", { class: "question" }, visible(run.question) || "a question"),
  el("span", { class: "quiet" }, [isoAgo(run.started), visible(run.provider), dollars(run.cost_usd),
    `${run.seconds.toFixed(1)} s`, run.ending === "answered" ? "" : visible(run.ending)]
    .filter(Boolean).join(" · ")));

async function show(id) {
  chosen = id;
  mark();
  try {
    const { html } = await ask("run", { id });
    if (chosen !== id) return;
    frame.srcdoc = trusted ? trusted.createHTML(html) : html;
    frame.hidden = false;
    hint.hidden = true;
  } catch (error) {
    hint.hidden = false;
    frame.hidden = true;
    hint.textContent = visible(error.message);
  }
}

function mark() {
  for (const link of list.querySelectorAll("a")) {
    if (link.dataset.id === chosen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
