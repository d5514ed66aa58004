// Questions asked from here, with each step as it happens.

import { ask } from "./api.js";
import { byId, counted, dollars, el, fill, number, say, spoken, visible } from "./dom.js";
import { read } from "./reader.js";

const view = byId("view-ask");
const list = el("div", { class: "cards", "aria-live": "off" });
const followed = new Set();
let listed = false;

export function open(showFile) {
  if (view.firstChild) return;
  const words = el("textarea", {
    id: "question", rows: "3", maxlength: "20000", required: true,
    placeholder: "How does …, where is …, list all …, compare …",
  });
  const trouble = el("p", { class: "bad", role: "alert" });
  const begin = async (event) => {
    event.preventDefault();
    if (!words.value.trim()) return;
    trouble.textContent = "";
    try {
      const one = await ask("ask", { question: words.value.trim() });
      words.value = "";
      card(one, showFile);
    } catch (error) {
      trouble.textContent = visible(error.message);
    }
  };
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) begin(event);
  });
  fill(
    view,
    el("h2", {}, el("label", { for: "question" }, "Ask the corpus")),
    el("form", { class: "ask", onsubmit: begin }, words,
      el("button", { type: "submit", class: "main" }, "Ask")),
    trouble,
    list,
  );
  resume(showFile);
}

async function resume(showFile) {
  if (listed) return;
  listed = true;
  try {
    for (const one of (await ask("asks")).asks) card(one, showFile);
  } catch {
    listed = false;
  }
}

function card(one, showFile) {
  if (followed.has(one.id)) return;
  followed.add(one.id);
  const state = el("p", { class: "quiet state" });
  const log = el("ol", { class: "log", tabindex: "0", "aria-label": "Steps" });
  const steps = el("details", { class: "steps", open: true }, el("summary", {}, "Steps"), log);
  const stop = el("button", { type: "button",
    onclick: () => ask("stop", { id: one.id }).catch(() => {}) }, "Stop");
  const answer = el("div", { class: "answer" });
  const head = el("header", {}, el("h3", { class: "prose" }, visible(one.question)), stop);
  list.prepend(el("article", { class: "card" }, head, answer, state, steps));
  const take = (news) => {
    log.append(...news.lines.map((line) => el("li", {}, visible(line))));
    log.scrollTop = log.scrollHeight;
    steps.hidden = !log.childElementCount;
    if (news.state === "running") {
      state.textContent = visible(news.stage || "beginning");
      return;
    }
    stop.remove();
    steps.open = false;
    state.textContent = "";
    if (news.reply) answered(answer, news.reply, showFile);
    else fill(answer, el("p", { class: "bad prose" },
      news.state === "cancelled" ? "Stopped." : visible(news.text)));
    say(news.state === "done" ? "The question is answered." : "The question ended.");
  };
  take(one);
  if (one.state === "running") listenFor(one, take);
}

async function listenFor(one, take) {
  let { seen, stage } = one;
  for (let lost = 0; lost < 5;) {
    try {
      const news = await ask("news", { id: one.id, seen, stage });
      lost = 0;
      ({ seen, stage } = news);
      take(news);
      if (news.state !== "running") return;
    } catch (error) {
      if (error.status === 422) return;
      lost++;
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

function answered(place, reply, showFile) {
  if (!reply.answer) {
    fill(place, el("p", { class: "prose" }, visible(reply.message ?? "")));
    return;
  }
  const cited = reply.citations.map((one) => el("li", {},
    el("button", { type: "button", class: "link path",
      onclick: () => read(one.path, one.start_line, one.end_line) },
    `${visible(one.path)}:${one.start_line}`,
    one.end_line > one.start_line ? `–${one.end_line}` : ""),
    one.verified ? null : el("span", { class: "quiet" }, " not verified"),
    el("button", { type: "button", class: "small", "aria-label": `Show ${visible(one.path)} on the map`,
      onclick: () => showFile(one.path) }, "map")));
  const took = [
    reply.provider, reply.route, counted(reply.iterations, "turn"),
    counted(reply.subcalls, "sub-call"),
    reply.tokens_in ? `${number(reply.tokens_in)} tokens in, ${number(reply.tokens_out)} out` : "",
    dollars(reply.cost_usd), `${reply.seconds.toFixed(1)} s`,
  ].filter(Boolean).join(" · ");
  fill(
    place,
    el("p", { class: "prose" }, spoken(reply.answer)),
    cited.length
      ? el("details", { open: cited.length <= 8 }, el("summary", {}, counted(cited.length, "citation")),
        el("ul", { class: "plain cited" }, cited))
      : null,
    reply.limit_hit ? el("p", { class: "bad" }, `Partial: the limit of ${visible(reply.limit_hit)} was reached.`) : null,
    reply.notes.map((note) => el("p", { class: "quiet" }, visible(note))),
    el("p", { class: "quiet" }, visible(took), " · ",
      el("a", { href: `#runs/${encodeURIComponent(reply.trace_id)}` }, "what it did")),
  );
}
