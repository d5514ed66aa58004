// Beside the map: what is chosen, what a search found, or everything as a list.

import { ask } from "./api.js";
import { ago, byId, bytes, counted, el, fill, number, visible } from "./dom.js";
import { swatch } from "./drawing.js";
import { choose, choosePath, map } from "./map.js";
import { read } from "./reader.js";

const panel = byId("panel");
const FILES_SHOWN = 60;
let asked = 0;
let back = null;

export function overview() {
  asked++;
  if (!map.picture) {
    fill(panel);
    return;
  }
  const { areas, files } = map.picture;
  const lists = areas.map((area, at) => {
    const groups = map.groups.filter((group) => group.area === at && group.dots.length);
    if (!groups.length) return null;
    return el(
      "details",
      { open: areas.length === 1 },
      el(
        "summary",
        {},
        bead(at),
        el("b", {}, visible(area.name || "the root folder")),
        el("span", { class: "quiet" }, ` ${counted(groups.length, "cluster")}`),
      ),
      el("ul", { class: "plain" }, groups.map((group) => el("li", {}, groupButton(group)))),
    );
  });
  fill(
    panel,
    el("h2", {}, "The corpus"),
    el("p", { class: "quiet" }, `${counted(files.path.length, "file")} with text, in`
      + ` ${counted(map.groups.length, "cluster")}. A dot is a file, its size how many lines it has;`
      + " a disc is a cluster of files that are about the same."),
    lists,
  );
}

const bead = (area) => {
  const made = el("i", { class: "bead", "aria-hidden": "true" });
  made.style.background = swatch(map.groups.find((group) => group.area === area)?.hue ?? null);
  return made;
};

const groupButton = (group) =>
  el(
    "button",
    { type: "button", class: "row", onclick: () => choose({ group }) },
    el("span", {}, visible(group.title)),
    el("span", { class: "quiet figure" }, number(group.dots.length)),
  );

const backButton = () =>
  el("button", { type: "button", class: "back", onclick: () => choose(null) },
    back ? "← Results" : "← Everything");

export function group(one) {
  asked++;
  const { files, areas } = map.picture;
  const dots = [...one.dots].sort((a, b) => files.weight[b.file] - files.weight[a.file]);
  fill(
    panel,
    backButton(),
    el("h2", {}, visible(one.title)),
    el("p", { class: "quiet" }, visible(areas[one.area].name || "the root folder"), " · ",
      counted(dots.length, "file"), " · ",
      counted(dots.reduce((sum, dot) => sum + dot.lines, 0), "line")),
    one.terms.length
      ? el("p", { class: "chips" }, one.terms.map((term) => el("span", {}, visible(term))))
      : null,
    one.text ? el("p", { class: "prose" }, visible(one.text)) : null,
    el("h3", {}, "Files"),
    el("ul", { class: "plain" }, dots.slice(0, FILES_SHOWN).map((dot) =>
      el("li", {}, fileButton(files.path[dot.file], number(dot.lines))))),
    dots.length > FILES_SHOWN
      ? el("p", { class: "quiet" }, `and ${number(dots.length - FILES_SHOWN)} more on the map`)
      : null,
    one.near.length ? el("h3", {}, "Most like it") : null,
    el("ul", { class: "plain" }, one.near.map((at) => el("li", {}, groupButton(map.groups[at])))),
  );
  panel.scrollTop = 0;
}

export const fileButton = (path, figure = "") => {
  const cut = path.lastIndexOf("/") + 1;
  return el(
    "button",
    { type: "button", class: "row", title: visible(path), onclick: () => openFile(path) },
    el("span", { class: "path" }, el("span", { class: "quiet" }, visible(path.slice(0, cut))),
      visible(path.slice(cut))),
    el("span", { class: "quiet figure" }, figure),
  );
};

export function openFile(path) {
  if (!choosePath(path)) file(path);
}

// A file: what it is and what is defined in it, each to be opened.
export async function file(path) {
  const own = ++asked;
  const cut = path.lastIndexOf("/") + 1;
  const body = el("div", { class: "waiting" }, el("p", { class: "quiet" }, "reading …"));
  fill(
    panel,
    backButton(),
    el("h2", { class: "path" }, el("span", { class: "quiet" }, visible(path.slice(0, cut))),
      visible(path.slice(cut))),
    body,
  );
  panel.scrollTop = 0;
  let told;
  try {
    told = await ask("outline", { path });
  } catch (error) {
    if (own === asked) fill(body, el("p", { class: "bad" }, visible(error.message)));
    return;
  }
  if (own !== asked) return;
  const inside = (map.files.get(path) ?? []).map((dot) => map.groups[dot.group]);
  body.classList.remove("waiting");
  fill(
    body,
    el("p", { class: "quiet" }, [told.language, counted(told.lines, "line"),
      bytes(told.size_bytes), told.changed ? `changed ${ago(told.changed)}` : ""]
      .filter(Boolean).join(" · ")),
    el("p", {}, el("button", { type: "button", onclick: () => read(path, 1) }, "Read it")),
    inside.length ? el("h3", {}, inside.length === 1 ? "Cluster" : "Clusters") : null,
    el("ul", { class: "plain" }, inside.map((one) => el("li", {}, groupButton(one)))),
    told.definitions.length ? el("h3", {}, "Defined here") : null,
    el("ul", { class: "plain outline" }, told.definitions.map((one) => el("li", {}, el(
      "button",
      { type: "button", class: "row", title: visible(one.doc || one.signature),
        onclick: () => read(path, one.line, one.end_line) },
      el("span", { class: "path" }, visible(one.symbol), " ",
        el("span", { class: "quiet" }, one.kind)),
      el("span", { class: "quiet figure" }, number(one.line)),
    )))),
    told.total > told.definitions.length
      ? el("p", { class: "quiet" }, `and ${number(told.total - told.definitions.length)} more`)
      : null,
  );
}

// What a search found stays behind what is opened from it.
export function results(draw) {
  asked++;
  back = draw;
  if (draw) draw();
}

export const home = () => (back ?? overview)();

export const place = () => panel;
