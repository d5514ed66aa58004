// Building the page: every text is a text node, so nothing that is shown can become markup.

export const byId = (id) => document.getElementById(id);

// An element with attributes and children. A function is listened with (`onclick`), true is an
// attribute alone, null and false are left out. A child is a text, an element or a list of them.
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== null && value !== false && value !== undefined)
      made.setAttribute(key, String(value));
  }
  made.append(...children.flat(3).filter((one) => one !== null && one !== false));
  return made;
}

export function fill(place, ...children) {
  place.replaceChildren(...children.flat(3).filter((one) => one !== null && one !== false));
}

// What would steer or reorder a line is written out, as it is in the terminal.
const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const KEPT = new Set(["\n", "\t", "\u200c", "\u200d"]);

export function visible(text) {
  return String(text).replaceAll("\r\n", "\n").replace(STEERING, (one) => {
    if (KEPT.has(one)) return one;
    const code = one.codePointAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

// The text as nodes, with what matches one of the words marked.
export function marked(text, words) {
  const shown = visible(text);
  const sought = words.filter((word) => word.length > 1);
  if (!sought.length) return [shown];
  const pattern = sought
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("|");
  return shown
    .split(new RegExp(`(${pattern})`, "giu"))
    .map((piece, at) => (at % 2 ? el("mark", {}, piece) : piece))
    .filter((piece) => piece !== "");
}

// A text with what stands between backticks as code.
export function spoken(text) {
  return visible(text)
    .split(/`([^`\n]+)`/)
    .map((piece, at) => (at % 2 ? el("code", {}, piece) : piece))
    .filter((piece) => piece !== "");
}

const COUNTED = new Intl.NumberFormat("en");
export const number = (value) => COUNTED.format(value);
export const counted = (count, one, many = `${one}s`) =>
  `${number(count)} ${count === 1 ? one : many}`;

export function dollars(value) {
  return value ? `$${value.toFixed(value < 0.01 ? 4 : 2)}` : "$0";
}

const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [["year", 31557600], ["month", 2629800], ["week", 604800], ["day", 86400],
  ["hour", 3600], ["minute", 60]];

export function ago(seconds, now = Date.now() / 1000) {
  const past = now - seconds;
  for (const [unit, size] of UNITS)
    if (past >= size) return AGO.format(-Math.floor(past / size), unit);
  return "just now";
}

export const isoAgo = (text) => (text ? ago(Date.parse(text) / 1000) : "");

export function say(text) {
  byId("said").textContent = visible(text);
}

export function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB"];
  const at = Math.min(3, Math.floor(Math.log2(Math.max(1, count)) / 10));
  return `${(count / 2 ** (10 * at)).toFixed(at ? 1 : 0)} ${units[at]}`;
}
