// The settings: those a call may change, and the operator's, which are only shown.

import { ask, call } from "./api.js";
import { byId, el, fill, say, visible } from "./dom.js";

const view = byId("view-settings");

export async function open() {
  try {
    const told = await ask("settings");
    const locked = told.settings.filter((one) => one.locked);
    fill(
      view,
      el("h2", {}, "Settings"),
      el("p", { class: "quiet" }, "They hold for all folders of this user, from the next question on."),
      told.settings.filter((one) => !one.locked).map(row),
      el("h3", {}, "Set where the server is started"),
      el("dl", { class: "facts" }, locked.map((one) => [
        el("dt", {}, visible(one.key)),
        el("dd", {}, visible(String(one.value === "" ? "none" : one.value)),
          el("span", { class: "quiet" }, ` ${visible(one.meaning)}; ${visible(one.bound)}`)),
      ])),
    );
  } catch (error) {
    fill(view, el("h2", {}, "Settings"), el("p", { class: "bad" }, visible(error.message)));
  }
}

function row(setting) {
  const id = `setting-${setting.key}`;
  const input = control(setting, id);
  const changed = setting.value !== setting.default;
  const told = el("p", { class: "bad", role: "alert" });
  const save = el("button", { type: "submit", disabled: true }, "Save");
  const reset = el("button", { type: "button", disabled: !changed, class: "small",
    title: `The default is ${visible(setting.default)}`,
    onclick: () => change(setting.key, "default", told) }, "Default");
  const valueOf = () => (input.type === "checkbox" ? String(input.checked) : input.value);
  input.addEventListener("input", () => {
    save.disabled = valueOf() === String(setting.value);
  });
  return el(
    "form",
    { class: changed ? "setting changed" : "setting", onsubmit: (event) => {
      event.preventDefault();
      change(setting.key, valueOf(), told);
    } },
    el("label", { for: id }, el("b", {}, visible(setting.key)),
      el("span", { class: "quiet" }, visible([setting.meaning, setting.bound].filter(Boolean).join("; ")))),
    el("span", { class: "control" }, input, save, reset),
    told,
  );
}

function control(setting, id) {
  if (typeof setting.value === "boolean")
    return el("input", { id, type: "checkbox", checked: setting.value });
  if (setting.choices.length)
    return el("select", { id }, setting.choices.map((one) =>
      el("option", { value: one, selected: one === setting.value }, visible(one))));
  const kind = typeof setting.value === "number" ? "number" : "text";
  return el("input", { id, type: kind, step: "any", value: setting.value, required: true });
}

async function change(key, value, told) {
  told.textContent = "";
  try {
    await call("rlm_settings", { key, value });
    say(`${key} is changed.`);
    await open();
    byId(`setting-${key}`)?.focus();
  } catch (error) {
    told.textContent = visible(error.message);
  }
}
