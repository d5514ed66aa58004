// How the service stands: the lamp in the corner, the bar of work in progress, the dialog.

import { ask, call } from "./api.js";
import { byId, bytes, counted, dollars, el, fill, number, visible } from "./dom.js";

const dialog = byId("standing-dialog");
const work = byId("work");
const BUSY_MS = 350;
const IDLE_MS = 2000;
const HIDDEN_MS = 15000;
const LOST_MS = 3000;
let now = null;
let timer = 0;

// Asks for the status for as long as the page is open. `each` is told every one.
export function follow(each, failed) {
  const look = async () => {
    clearTimeout(timer);
    let pause = IDLE_MS;
    try {
      now = await ask("status");
      if (now.stage || now.state === "indexing") pause = BUSY_MS;
      show();
      each(now);
    } catch (error) {
      pause = LOST_MS;
      lost(error);
      failed(error);
    }
    timer = setTimeout(look, document.hidden ? HIDDEN_MS : pause);
  };
  document.addEventListener("visibilitychange", () => !document.hidden && look());
  byId("standing").addEventListener("click", () => {
    draw();
    dialog.showModal();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  look();
}

const share = () => (now.total ? Math.min(1, now.done / now.total) : 0);

function show() {
  const busy = Boolean(now.stage);
  const text = busy
    ? `${now.stage}${now.total ? ` ${Math.floor(100 * share())}%` : ""}`
    : now.state === "secure"
      ? counted(now.files, "file")
      : now.message
        ? "not indexed"
        : now.state;
  lamp(busy ? "busy" : now.state === "secure" && !now.message ? "fine" : "bad", text);
  work.hidden = !busy;
  if (busy) {
    work.classList.toggle("unknown", !now.total);
    work.setAttribute("aria-valuetext", visible(text));
    if (now.total) work.setAttribute("aria-valuenow", String(Math.floor(100 * share())));
    else work.removeAttribute("aria-valuenow");
    work.firstElementChild.style.transform = `scaleX(${now.total ? share() : 1})`;
  }
  byId("root").textContent = visible(now.roots.map((root) => root.split(/[\\/]/).at(-1)).join(", "));
  byId("root").title = visible(now.roots.join("\n"));
  if (dialog.open && !dialog.contains(document.activeElement?.closest("button[disabled]"))) draw();
}

function lost(error) {
  lamp("bad", error.halted ? "halted" : "no connection");
  work.hidden = true;
}

function lamp(kind, text) {
  byId("standing").dataset.kind = kind;
  byId("standing-text").textContent = visible(text);
}

const FACTS = (one) => [
  ["State", one.state + (one.message ? `: ${one.message}` : "")],
  ["Folders", one.roots.join("\n")],
  ["Files", `${number(one.files)}, in ${counted(one.chunks, "chunk")} and`
    + ` ${counted(one.clusters, "cluster")}`],
  ["Left out", one.skipped_why.join("\n") || "nothing"],
  ["Revision", `${one.revision.head || "no git"}, ${one.revision.caught_up
    ? "caught up with the disk" : "looking at what changed"}`],
  ["Not clustered yet", counted(one.files_unclustered, "file")],
  ["Sealed", `generation ${one.generation}, key from ${one.key_source || "nowhere"}`],
  ["Changes on disk", one.watching || "not followed"],
  ["Answers by", one.provider],
  ["Sandbox", one.sandbox.join(", ") || "none, so no code is run"],
  ["Questions", `${number(one.stats.questions)} in this session, ${dollars(one.stats.cost_usd)}`],
  ["Memory", bytes(one.stats.rss_mib * 1048576)],
];

let drawn = "";

function draw() {
  if (!now) return;
  const facts = FACTS(now);
  const state = JSON.stringify(facts);
  if (state === drawn && dialog.firstChild) return;
  drawn = state;
  const note = el("p", { class: "quiet", role: "status" });
  const again = (scope) => async (event) => {
    event.target.disabled = true;
    note.textContent = scope === "full" ? "building everything anew …" : "looking …";
    try {
      note.textContent = (await call("rlm_reindex", { scope })).text;
    } catch (error) {
      note.textContent = visible(error.message);
    }
    event.target.disabled = false;
  };
  const head = el(
    "header",
    {},
    el("h2", {}, "Status"),
    el("form", { method: "dialog" }, el("button", { "aria-label": "Close" }, "✕")),
  );
  const list = el("dl", { class: "facts" }, facts.map(([name, value]) =>
    [el("dt", {}, name), el("dd", {}, visible(value))]));
  if (dialog.querySelector("dl")) {
    dialog.querySelector("dl").replaceWith(list);
    return;
  }
  fill(
    dialog,
    head,
    list,
    el("p", { class: "acts" },
      el("button", { type: "button", onclick: again("changed") }, "Take changes over"),
      el("button", { type: "button", onclick: again("full") }, "Index everything anew")),
    note,
  );
}
