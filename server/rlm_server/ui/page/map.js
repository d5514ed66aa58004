// The map: what is drawn, where one looks, what is chosen. The panel beside it is in panel.js.

import { ago, byId, counted, number, visible } from "./dom.js";
import { draw } from "./drawing.js";
import { packed, settled } from "./pack.js";

const HUES = [262, 155, 40, 325, 205, 95, 15, 290, 180, 60, 235, 345];
const QUIET = new Set(["generated", "vendor"]);
const canvas = byId("canvas");

export const map = {
  picture: null,
  groups: [],
  files: new Map(),
  names: [],
  hits: new Map(),
  focus: -1,
  colour: "area",
  chosen: null, // {group} or {group, dot}
  over: null,
  eye: { x: 0, y: 0, k: 1 },
  size: { width: 0, height: 0 },
};

let onChoose = () => {};
let wanted = false;
let moving = null;

export const whenChosen = (listener) => {
  onChoose = listener;
};

// Takes a picture over; what was chosen and where one looks stays where it can.
export function show(picture) {
  const known = new Map(map.groups.map((one) => [one.title + one.area, one]));
  const first = !map.picture;
  map.picture = picture;
  const dots = picture.groups.map(() => []);
  map.files = new Map();
  map.names = namesOf(picture.files.path);
  for (let at = 0; at < picture.parts.file.length; at++) {
    const file = picture.parts.file[at];
    const lines = picture.parts.lines[at];
    const dot = { file, lines, group: picture.parts.group[at], r: dotRadius(picture, file, lines) };
    dots[dot.group].push(dot);
    const path = picture.files.path[file];
    if (!map.files.has(path)) map.files.set(path, []);
    map.files.get(path).push(dot);
  }
  map.groups = picture.groups.map((made, at) => {
    const own = dots[at].sort((a, b) => b.r - a.r);
    const title = made.title || picture.areas[made.area].name || "the root folder";
    const old = known.get(title + made.area);
    const group = { ...made, at, title, dots: own, r: packed(own) + 3 };
    return old ? { ...group, x: old.x, y: old.y } : group;
  });
  settled(map.groups, picture.areas.length, ratio());
  for (const group of map.groups)
    for (const dot of group.dots) {
      dot.x += group.x;
      dot.y += group.y;
    }
  map.chosen = null;
  recolour();
  markHits();
  if (first) requestAnimationFrame(() => seeAll(false)); // once the legend has its width
  canvas.setAttribute(
    "aria-label",
    `Map of ${counted(picture.files.path.length, "file")} in ${counted(map.groups.length, "cluster")}`,
  );
  redraw();
}

// What a file is called on the map: with its folder, where many have the same name.
function namesOf(paths) {
  const counts = new Map();
  const last = paths.map((path) => path.slice(path.lastIndexOf("/") + 1));
  for (const name of last) counts.set(name, (counts.get(name) ?? 0) + 1);
  return paths.map((path, at) =>
    counts.get(last[at]) > 3 ? path.split("/").slice(-2).join("/") : last[at]);
}

function dotRadius(picture, file, lines) {
  const counts = QUIET.has(picture.roles[picture.files.role[file]]) ? lines / 20 : lines;
  return 1.6 + 0.42 * Math.sqrt(Math.min(counts, 4000));
}

function ratio() {
  const { width, height } = map.size;
  return width && height ? Math.min(1.7, Math.max(0.6, width / height)) : 1.3;
}

export const hueOf = (at) => HUES[at % HUES.length];

// What each colour stands for now: [{name, hue, count, dots}], the first twelve by name.
export function recolour() {
  const { files, languages, areas } = map.picture;
  const newest = files.changed.reduce((a, b) => Math.max(a, b), 0);
  const oldest = files.changed.reduce((a, b) => Math.min(a, b), newest);
  const span = Math.log1p(newest - oldest) || 1;
  for (const group of map.groups) {
    group.hue = map.colour === "area" ? hueOf(group.area) : null;
    for (const dot of group.dots) {
      dot.fresh = 1 - Math.log1p(newest - files.changed[dot.file]) / span;
      const language = files.language[dot.file];
      if (map.colour === "area") dot.hue = hueOf(files.area[dot.file]);
      else dot.hue = language < HUES.length ? hueOf(language) : null;
      dot.tint = map.colour === "changed" ? Math.min(5, Math.floor(dot.fresh * 6)) : -1;
    }
  }
  if (map.colour === "area")
    return areas.map((area, at) => ({
      at,
      name: area.name || "the root folder",
      hue: hueOf(at),
      count: area.files,
    }));
  if (map.colour === "changed")
    return [5, 4, 3, 2, 1, 0].map((tint) => ({
      name: tint ? `since ${ago(newest - Math.expm1(span * (1 - tint / 6)))}` : "before",
      tint,
    }));
  const counts = languages.map(() => 0);
  for (const language of files.language) counts[language]++;
  return languages
    .map((name, at) => ({ name: name || "text", hue: at < 12 ? hueOf(at) : null, count: counts[at] }))
    .slice(0, 12);
}

// The files that a search found, best first; they shine and the rest steps back.
export function highlight(paths) {
  map.hits = new Map();
  paths.forEach((path, at) => {
    if (!map.hits.has(path)) map.hits.set(path, at);
  });
  markHits();
  redraw();
}

function markHits() {
  for (const group of map.groups) {
    for (const dot of group.dots) dot.hit = map.hits.has(map.picture.files.path[dot.file]);
    group.hit = group.dots.some((dot) => dot.hit);
  }
}

export function focusArea(area) {
  map.focus = map.focus === area ? -1 : area;
  if (map.focus < 0) seeAll(true);
  else seeCircles(map.groups.filter((group) => group.area === area));
}

export function redraw() {
  if (wanted) return;
  wanted = true;
  requestAnimationFrame(() => {
    wanted = false;
    if (map.picture && map.size.width) draw(canvas, map);
  });
}

export function resize() {
  const { width, height } = canvas.getBoundingClientRect();
  if (!width || (width === map.size.width && height === map.size.height)) return;
  const first = !map.size.width;
  const before = map.size;
  map.size = { width, height };
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  if (first && map.picture) seeAll(false);
  else map.eye.k *= Math.min(width / (before.width || width), height / (before.height || height));
  if (map.picture) draw(canvas, map);
}

// Looking. The eye is the point of the map in the middle of the canvas, and the zoom.

export const toMap = (px, py) => ({
  x: (px - map.size.width / 2) / map.eye.k + map.eye.x,
  y: (py - map.size.height / 2) / map.eye.k + map.eye.y,
});

function seeCircles(circles, fast = false) {
  if (!circles.length) return;
  const left = Math.min(...circles.map((one) => one.x - one.r));
  const right = Math.max(...circles.map((one) => one.x + one.r));
  const top = Math.min(...circles.map((one) => one.y - one.r));
  const bottom = Math.max(...circles.map((one) => one.y + one.r));
  const { width, height } = map.size;
  const legend = width > 640 ? byId("legend").parentElement.offsetWidth : 0;
  const room = width - legend;
  const k = Math.min(9, Math.min(room / (right - left), (height - 40) / (bottom - top)) * 0.92);
  fly({ x: (left + right) / 2 - legend / 2 / k, y: (top + bottom) / 2, k }, fast);
}

export function seeAll(smoothly = true) {
  seeCircles(map.groups, !smoothly);
}

export function zoomBy(factor, px = map.size.width / 2, py = map.size.height / 2) {
  moving = null;
  const before = toMap(px, py);
  map.eye.k = Math.min(30, Math.max(leastZoom(), map.eye.k * factor));
  const after = toMap(px, py);
  map.eye.x += before.x - after.x;
  map.eye.y += before.y - after.y;
  redraw();
}

function leastZoom() {
  const far = Math.max(...map.groups.map((one) => Math.hypot(one.x, one.y) + one.r), 1);
  return Math.min(map.size.width, map.size.height) / far / 6;
}

export function moveBy(px, py) {
  moving = null;
  map.eye.x -= px / map.eye.k;
  map.eye.y -= py / map.eye.k;
  redraw();
}

function fly(to, fast) {
  if (fast || matchMedia("(prefers-reduced-motion: reduce)").matches) {
    moving = null;
    map.eye = to;
    redraw();
    return;
  }
  const from = { ...map.eye };
  const start = performance.now();
  const own = (moving = {});
  const step = (now) => {
    if (moving !== own) return;
    const share = Math.min(1, (now - start) / 380);
    const eased = 1 - (1 - share) ** 3;
    map.eye = {
      x: from.x + (to.x - from.x) * eased,
      y: from.y + (to.y - from.y) * eased,
      k: from.k * (to.k / from.k) ** eased,
    };
    draw(canvas, map);
    if (share < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

// Choosing.

export function pick(px, py) {
  const { x, y } = toMap(px, py);
  const group = map.groups.find((one) => (x - one.x) ** 2 + (y - one.y) ** 2 <= one.r * one.r);
  if (!group) return null;
  const slack = 3 / map.eye.k;
  const dot = group.dots.find(
    (one) => one.r * map.eye.k > 1.5 && Math.hypot(x - one.x, y - one.y) <= one.r + slack,
  );
  return dot ? { group, dot } : { group };
}

export function choose(chosen, { look = true, tell = true } = {}) {
  map.chosen = chosen;
  if (chosen && look) {
    const near = chosen.dot ? { ...chosen.dot, r: Math.max(chosen.dot.r * 7, 26) } : chosen.group;
    seeCircles([{ ...near, r: near.r * 1.25 }]);
  }
  redraw();
  if (tell) onChoose(chosen);
}

export function choosePath(path, options) {
  const dots = map.files.get(path);
  if (!dots) return false;
  choose({ group: map.groups[dots[0].group], dot: dots[0] }, options);
  return true;
}

// The next circle in a direction: near, and rather straight ahead than aside.
export function step(dx, dy) {
  const { chosen } = map;
  const inside = Boolean(chosen?.dot);
  const all = inside ? chosen.group.dots : map.groups;
  const from = inside ? chosen.dot : (chosen?.group ?? { x: map.eye.x, y: map.eye.y });
  let best = null;
  let least = Infinity;
  for (const one of all) {
    const ahead = (one.x - from.x) * dx + (one.y - from.y) * dy;
    if (one === from || ahead <= 0) continue;
    const aside = Math.abs((one.x - from.x) * dy) + Math.abs((one.y - from.y) * dx);
    const cost = ahead + 2.5 * aside;
    if (cost < least) [best, least] = [one, cost];
  }
  best ??= chosen ? null : all[0];
  if (best) choose(inside ? { group: chosen.group, dot: best } : { group: best }, { look: inside });
  if (best && !inside) bringIn(best);
  return Boolean(best);
}

// Moves the eye just so far that the circle is well inside the canvas.
function bringIn(circle) {
  const room = { x: map.size.width / 2 / map.eye.k, y: map.size.height / 2 / map.eye.k };
  const beyond = (far, least) => Math.sign(far) * Math.max(0, Math.abs(far) - Math.max(0, least));
  const x = map.eye.x + beyond(circle.x - map.eye.x, room.x * 0.8 - circle.r);
  const y = map.eye.y + beyond(circle.y - map.eye.y, room.y * 0.8 - circle.r);
  if (x !== map.eye.x || y !== map.eye.y) fly({ x, y, k: map.eye.k }, false);
}

export function told(chosen) {
  const { files } = map.picture;
  if (chosen.dot)
    return `${visible(files.path[chosen.dot.file])}, ${counted(chosen.dot.lines, "line")}`;
  const lines = chosen.group.dots.reduce((sum, dot) => sum + dot.lines, 0);
  return `${visible(chosen.group.title)}: ${counted(chosen.group.dots.length, "file")}, ${number(lines)} lines`;
}
