// Searching while one types: results beside the map, their files shining on it.

import { call } from "./api.js";
import { byId, counted, el, fill, marked, say, visible } from "./dom.js";
import { choose, choosePath, highlight, map } from "./map.js";
import * as panel from "./panel.js";
import { read } from "./reader.js";

const input = byId("query");
const PAUSE_MS = 220;
let timer = 0;
let flight = null;
let last = "";

export function listen(openMap) {
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    openMap();
    clearTimeout(timer);
    search(true);
  });
  input.addEventListener("input", () => {
    openMap();
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE_MS);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
}

async function search(again = false) {
  const query = input.value.trim();
  if (query === last && !again) return;
  last = query;
  flight?.abort();
  if (!query) {
    highlight([]);
    panel.results(null);
    choose(null, { tell: false });
    panel.overview();
    return;
  }
  const own = (flight = new AbortController());
  panel.place().setAttribute("aria-busy", "true");
  try {
    const { fields } = await call("rlm_search", { query, limit: 50 }, own.signal);
    show(query, fields);
  } catch (error) {
    if (error.name === "AbortError") return;
    highlight([]);
    panel.results(() => fill(panel.place(), el("p", { class: "bad" }, visible(error.message))));
  } finally {
    if (flight === own) panel.place().removeAttribute("aria-busy");
  }
}

function show(query, fields) {
  // While the first index is made a search may have to wait; it says so.
  const found = fields.results ?? [];
  const words = wordsOf(query);
  const paths = found.map((one) => one.path);
  highlight(paths);
  choose(null, { tell: false });
  const files = new Set(paths).size;
  const told = found.length
    ? `${counted(fields.total ?? found.length, "place")} in ${counted(fields.files ?? files, "file")}`
    : "Nothing found";
  say(told);
  panel.results(() => {
    choose(null, { tell: false });
    fill(
      panel.place(),
      el("h2", {}, told),
      el("p", { class: "quiet" }, note(fields, found)),
      el("ol", { class: "plain results" }, found.map((one) => el("li", {}, result(one, words)))),
    );
    panel.place().scrollTop = 0;
  });
}

function note(fields, found) {
  const parts = [];
  if (fields.message) parts.push(fields.message);
  if (fields.partial) parts.push(`partial: ${fields.coverage.files_read} of`
    + ` ${fields.coverage.files_total} files were read, the index is still being made`);
  if (fields.note) parts.push(fields.note);
  else if (!found.length && !fields.message) parts.push("Try fewer or other words.");
  if (fields.total > found.length) parts.push(`the first ${found.length} are shown`);
  if (fields.milliseconds !== undefined) parts.push(`${fields.milliseconds} ms`);
  if (fields.revision && !fields.revision.caught_up && !fields.partial)
    parts.push("files on disk have changed since");
  return visible(parts.join(" · "));
}

function result(one, words) {
  const cut = one.path.lastIndexOf("/") + 1;
  const lines = one.end_line > one.start_line
    ? `${one.start_line}–${one.end_line}`
    : `${one.start_line}`;
  return el(
    "article",
    { class: "result" },
    el("h3", {}, el("button",
      { type: "button", class: "link path", title: "Show it on the map",
        onclick: () => choosePath(one.path) || panel.openFile(one.path) },
      el("span", { class: "quiet" }, visible(one.path.slice(0, cut))),
      visible(one.path.slice(cut)),
      el("span", { class: "lines" }, `:${lines}`))),
    one.symbol
      ? el("p", { class: "quiet symbol" }, marked(one.symbol, words), ` ${visible(one.kind)}`)
      : null,
    one.snippet
      ? el("button",
        { type: "button", class: "snippet", "aria-label": `Read ${visible(one.path)}:${lines}`,
          onclick: () => read(one.path, one.start_line, one.end_line) },
        el("code", {}, marked(dedented(one.snippet), words)))
      : null,
  );
}

// Without the indent that all lines share, and without empty lines around.
function dedented(text) {
  const lines = visible(text).replaceAll("\t", "    ").split("\n");
  while (lines.length && !lines[0].trim()) lines.shift();
  while (lines.length && !lines.at(-1).trim()) lines.pop();
  const indents = lines.filter((line) => line.trim()).map((line) => line.search(/\S/));
  const least = Math.min(...indents, 60);
  return lines.map((line) => line.slice(least)).join("\n");
}

// The words of a query that a snippet may hold: its filters ask for other things.
function wordsOf(query) {
  const plain = query.replace(/(^|\s)-?(path|lang|kind):\S+/g, " ").replace(/\b[a-z]+:/g, " ");
  const whole = plain.match(/[\p{L}\p{N}_]+/gu) ?? [];
  const pieces = whole.flatMap((word) =>
    word.replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2").split(/[\s_]+/));
  return [...new Set([...whole, ...pieces])].filter((word) => word.length > 2).slice(0, 40);
}

export const hasResults = () => map.hits.size > 0 || last !== "";
