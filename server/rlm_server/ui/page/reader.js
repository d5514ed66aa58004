// Lines of a file, in a dialog, as the index holds them.

import { ask } from "./api.js";
import { byId, el, fill, visible } from "./dom.js";

const dialog = byId("reader");
const BEFORE = 12;
const MORE = 200;

export async function read(path, first, last = first) {
  const body = el("pre", { class: "code", tabindex: "0", "aria-label": "Lines" }, "reading …");
  const shown = { first: Math.max(1, first - BEFORE), last: Math.max(last, first) + MORE };
  fill(
    dialog,
    el(
      "header",
      {},
      el("h2", { class: "path" }, visible(path)),
      el("form", { method: "dialog" }, el("button", { "aria-label": "Close" }, "✕")),
    ),
    body,
  );
  if (!dialog.open) dialog.showModal();
  try {
    const told = await ask("lines", { path, first: shown.first, last: shown.last });
    const lines = told.text.split("\n");
    if (lines.at(-1) === "") lines.pop();
    fill(body, lines.map((line, at) => {
      const number = shown.first + at;
      const wanted = number >= first && number <= last;
      return el("span", { class: wanted ? "line wanted" : "line", "data-line": number },
        visible(line), "\n");
    }));
    if (!lines.length) body.textContent = "There are no such lines.";
    body.querySelector(".wanted")?.scrollIntoView({ block: "center" });
  } catch (error) {
    body.textContent = visible(error.message);
  }
}

export function listen() {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
