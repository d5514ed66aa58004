// The page: views, the token, and what is shown while nothing is indexed or nothing may be.

import { ask, takeToken } from "./api.js";
import { byId, el, fill, visible } from "./dom.js";
import { swatch } from "./drawing.js";
import * as gestures from "./gestures.js";
import * as view from "./map.js";
import * as memory from "./memory.js";
import * as panel from "./panel.js";
import * as questions from "./questions.js";
import * as reader from "./reader.js";
import * as runs from "./runs.js";
import * as search from "./search.js";
import * as settings from "./settings.js";
import * as standing from "./standing.js";

const VIEWS = ["map", "ask", "runs", "memory", "settings"];
const REDRAW_MS = 4000;
let fetched = "";
let fetchedAt = 0;
let fetching = false;

const named = () => {
  const [name, ...rest] = location.hash.slice(1).split("/");
  return VIEWS.includes(name) ? [name, decodeURIComponent(rest.join("/"))] : ["map", ""];
};

function route() {
  const [name, rest] = named();
  for (const one of VIEWS) byId(`view-${one}`).hidden = one !== name;
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.getAttribute("href") === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = name === "map" ? "rlm-mcp" : `${name} · rlm-mcp`;
  if (name === "map") view.resize();
  if (name === "ask") questions.open(showFile);
  if (name === "runs") runs.open(rest);
  if (name === "memory") memory.open();
  if (name === "settings") settings.open();
}

function openMap() {
  if (named()[0] === "map") return;
  history.replaceState(null, "", "#map");
  route();
}

function showFile(path) {
  openMap();
  panel.openFile(path);
}

// A new picture is fetched where what is served has changed, and not oftener than it can be seen.
async function follow(status) {
  byId("empty").hidden = Boolean(status.picture);
  if (!status.picture) waiting(status);
  const soon = performance.now() - fetchedAt < REDRAW_MS && fetched;
  if (!status.picture || status.picture === fetched || fetching || soon) return;
  if (named()[0] !== "map") return;
  fetching = true;
  try {
    const picture = await ask("picture", { seen: fetched });
    fetchedAt = performance.now();
    if (picture.stamp) {
      fetched = picture.stamp;
      view.show(picture);
      legend();
      if (!search.hasResults()) panel.overview();
    }
  } catch (error) {
    failed(error);
  } finally {
    fetching = false;
  }
}

function waiting(status) {
  const share = status.total ? Math.floor((100 * status.done) / status.total) : 0;
  fill(
    byId("empty"),
    el("p", { class: "large" }, status.message ? "Nothing is indexed" : "Indexing for the first time"),
    el("p", { class: "quiet" }, visible(status.message || status.stage || "starting")),
    status.total ? el("p", { class: "large figure" }, `${share}%`) : null,
    el("p", { class: "quiet" }, "A search is answered already, from a look at the files."),
  );
}

function failed(error) {
  if (!error.halted && error.status !== 401) return;
  const title = error.halted ? "Halted: nothing is read or written" : "The token is missing";
  const why = error.halted ? error.message
    : "Open the address that rlm-mcp ui printed, with all that comes after #.";
  byId("view-map").hidden = true;
  fill(
    byId("main"),
    el("div", { class: "halt", role: "alert" }, el("h2", {}, title), el("p", {}, visible(why))),
  );
}

function legend() {
  const entries = view.recolour();
  fill(byId("legend"), entries.map((entry) => {
    const bead = el("i", { class: "bead", "aria-hidden": "true" });
    bead.style.background = swatch(entry.hue ?? null, entry.tint ?? -1);
    if (entry.at === undefined)
      return el("li", {}, bead, visible(entry.name));
    return el("li", {}, el("button", { type: "button", "aria-pressed": "false",
      onclick: (event) => {
        view.focusArea(entry.at);
        for (const one of byId("legend").querySelectorAll("button"))
          one.setAttribute("aria-pressed", "false");
        event.currentTarget.setAttribute("aria-pressed", String(view.map.focus === entry.at));
      } }, bead, visible(entry.name)));
  }));
  view.redraw();
}

function chosen(picked) {
  if (!picked) panel.home();
  else if (picked.dot) panel.file(view.map.picture.files.path[picked.dot.file]);
  else panel.group(picked.group);
}

function start() {
  if (!takeToken()) {
    failed({ status: 401, message: "" });
    return;
  }
  byId("colour").addEventListener("change", (event) => {
    view.map.colour = event.target.value;
    if (view.map.picture) legend();
  });
  document.querySelector("[data-skip]").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    view.map.picture && legend());
  addEventListener("hashchange", () => {
    takeToken();
    route();
  });
  gestures.listen();
  reader.listen();
  search.listen(openMap);
  view.whenChosen(chosen);
  route();
  standing.follow(follow, failed);
}

start();
