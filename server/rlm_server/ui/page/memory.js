// The memory: its levels, what was derived from what, and conflicts left to a person.

import { ask } from "./api.js";
import { byId, bytes, counted, el, fill, isoAgo, number, say, visible } from "./dom.js";

const view = byId("view-memory");
const MEANING = {
  domain: "what all of it is about",
  category: "traces of one subject",
  trace: "one session each",
  episode: "what was said or found once",
};
const VERDICTS = [
  ["supersede", "The newer holds now"],
  ["merge", "Both say the same"],
  ["keep", "Both hold"],
  ["reject", "The newer is wrong"],
];

export async function open() {
  let told;
  try {
    told = await ask("memory");
  } catch (error) {
    fill(view, el("h2", {}, "Memory"), el("p", { class: "bad" }, visible(error.message)));
    return;
  }
  const most = Math.max(1, ...told.levels.map((one) => one.count));
  const found = el("div", { "aria-live": "polite" });
  fill(
    view,
    el("h2", {}, "Memory"),
    el("ul", { class: "levels" }, [...told.levels].reverse().map((one) => {
      const bar = el("i", { "aria-hidden": "true" });
      bar.style.width = `${Math.max(one.count ? 2 : 0, (100 * Math.log1p(one.count)) / Math.log1p(most))}%`;
      return el("li", {}, el("b", {}, number(one.count)), el("span", {}, one.level),
        el("span", { class: "quiet" }, MEANING[one.level]), bar);
    })),
    el("p", { class: "quiet" }, [
      ...Object.entries(told.zones).map(([zone, count]) => `${number(count)} ${zone}`),
      `${bytes(told.size_bytes)} sealed`].join(" · ")),
    told.damaged || told.altered
      ? el("p", { class: "bad" }, told.damaged
        ? `${counted(told.damaged, "row")} cannot be opened.`
        : "Rows were removed or put back by something else than rlm-mcp.")
      : null,
    conflicts(told.conflicts),
    el("h3", {}, "What it holds"),
    el("form", { class: "inline", role: "search", onsubmit: (event) => recall(event, found) },
      el("input", { type: "search", name: "query", maxlength: "2000",
        "aria-label": "Search the memory", placeholder: "Search the memory" }),
      el("button", { type: "submit" }, "Search"),
      el("button", { type: "button", onclick: consolidate }, "Consolidate")),
    found,
    told.top.length
      ? el("ul", { class: "plain tree" }, told.top.map((one) => el("li", {}, memo(one))))
      : el("p", { class: "quiet" }, "Nothing is remembered yet. Answered questions are kept here, and"
        + " what rlm-mcp memory add is told."),
    told.top_total > told.top.length
      ? el("p", { class: "quiet" }, `and ${number(told.top_total - told.top.length)} more; search for them`)
      : null,
  );
}

function conflicts(pairs) {
  if (!pairs.length) return el("p", { class: "quiet" }, "Nothing contradicts each other.");
  return [
    el("h3", {}, counted(pairs.length, "conflict"), " to settle"),
    pairs.map((pair) => el(
      "article",
      { class: "card conflict" },
      el("div", { class: "pair" }, side("newer", pair.new), side("older", pair.old)),
      el("p", { class: "acts" }, VERDICTS.map(([verdict, words]) => el("button",
        { type: "button", onclick: (event) => settle(event, pair, verdict, words) }, words))),
    )),
  ];
}

const side = (name, one) =>
  el("div", {}, el("p", { class: "quiet" }, `${name}, ${visible(one.speaker)}, ${isoAgo(one.time)}`),
    el("p", { class: "prose" }, visible(one.text)));

async function settle(event, pair, verdict, words) {
  const card = event.target.closest("article");
  for (const button of card.querySelectorAll("button")) button.disabled = true;
  try {
    await ask("resolve", { new: pair.new.id, old: pair.old.id, verdict });
    say(`Settled: ${words}`);
    await open();
    view.querySelector("h2").focus?.();
  } catch (error) {
    card.append(el("p", { class: "bad" }, visible(error.message)));
    for (const button of card.querySelectorAll("button")) button.disabled = false;
  }
}

async function consolidate(event) {
  event.target.disabled = true;
  try {
    const done = await ask("consolidate");
    say(`${counted(done.traces, "trace")} in ${counted(done.categories, "category", "categories")}`);
    await open();
  } catch (error) {
    event.target.after(el("span", { class: "bad" }, visible(error.message)));
  }
  event.target.disabled = false;
}

async function recall(event, place) {
  event.preventDefault();
  const query = new FormData(event.target).get("query").trim();
  if (!query) {
    fill(place);
    return;
  }
  try {
    const told = await ask("recall", { query });
    fill(
      place,
      el("p", { class: "quiet" }, told.found.length
        ? counted(told.found.length, "memory", "memories")
        : visible(told.reason || "Nothing bears on that.")),
      el("ul", { class: "plain tree" }, told.found.map((one) => el("li", {}, memo(one)))),
      el("hr"),
    );
  } catch (error) {
    fill(place, el("p", { class: "bad" }, visible(error.message)));
  }
}

// A memory; what it was derived from is fetched when it is opened.
function memo(one) {
  const facts = [one.level, one.speaker, isoAgo(one.time), one.zone,
    one.trust === "user" ? "" : one.trust, one.uses > 1 ? `came ${one.uses} times` : "",
    one.superseded ? "superseded" : "", one.quarantine ? `kept out: it ${one.quarantine}` : "",
    one.why ?? ""].filter(Boolean).join(" · ");
  const text = el("span", { class: one.superseded ? "prose gone" : "prose" }, visible(one.text));
  const about = el("span", { class: "quiet facts" }, visible(facts));
  if (!one.inside) return el("div", { class: "memo" }, text, about);
  const inside = el("ul", { class: "plain tree" });
  return el("details", { class: "memo", ontoggle: async (event) => {
    if (!event.target.open || inside.firstChild) return;
    try {
      const told = await ask("memo", { id: one.id });
      fill(inside, told.inside.map((each) => el("li", {}, memo(each))));
    } catch (error) {
      fill(inside, el("li", { class: "bad" }, visible(error.message)));
    }
  } }, el("summary", {}, text, about), inside);
}
