// One frame of the map on the canvas.

import { visible } from "./dom.js";

let colours = null;
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  colours = null;
});

// Colours of the two themes. Hues are told apart by more than their lightness, and by names too.
function palette() {
  if (colours) return colours;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const tone = (light, chroma) => (hue) => `oklch(${light} ${hue === null ? 0 : chroma} ${hue ?? 0})`;
  colours = {
    land: dark ? tone(0.235, 0.028) : tone(0.945, 0.022),
    disc: dark ? tone(0.29, 0.045) : tone(0.895, 0.042),
    edge: dark ? tone(0.4, 0.06) : tone(0.8, 0.065),
    dot: dark ? tone(0.72, 0.12) : tone(0.6, 0.13),
    faint: dark ? tone(0.36, 0.035) : tone(0.84, 0.035),
    fresh: Array.from({ length: 6 }, (_, at) =>
      dark
        ? `oklch(${0.36 + at * 0.085} ${0.02 + at * 0.026} ${260 - at * 38})`
        : `oklch(${0.82 - at * 0.055} ${0.02 + at * 0.03} ${260 - at * 42})`,
    ),
    ink: dark ? "#eef1f6" : "#15191f",
    paper: dark ? "rgba(15,18,23,.88)" : "rgba(252,252,250,.9)",
    quiet: dark ? "#a9b2bf" : "#525b68",
    hit: dark ? "#ffc53d" : "#e8590c",
    glow: dark ? "rgba(255,197,61,.28)" : "rgba(232,89,12,.22)",
    chosen: dark ? "#ffffff" : "#0b1020",
    link: dark ? "rgba(238,241,246,.55)" : "rgba(21,25,31,.5)",
  };
  return colours;
}

export const swatch = (hue, tint = -1) => {
  const { dot, fresh } = palette();
  return tint >= 0 ? fresh[tint] : dot(hue ?? null);
};

const TURN = 2 * Math.PI;

export function draw(canvas, map) {
  const context = canvas.getContext("2d");
  const { width, height } = map.size;
  const scale = canvas.width / width;
  const { x, y, k } = map.eye;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const dx = (width / 2 - x * k) * scale;
  const dy = (height / 2 - y * k) * scale;
  context.setTransform(k * scale, 0, 0, k * scale, dx, dy);
  const seen = map.groups.filter((one) => inView(one, map));
  land(context, map, seen);
  discs(context, map, seen);
  links(context, map);
  dots(context, map, seen);
  hits(context, map);
  outlines(context, map);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  labels(context, map, seen);
}

function inView(one, { eye, size }) {
  const far = one.r + 16;
  return (
    Math.abs(one.x - eye.x) - far < size.width / 2 / eye.k &&
    Math.abs(one.y - eye.y) - far < size.height / 2 / eye.k
  );
}

const steppedBack = (map, group) =>
  (map.focus >= 0 && group.area !== map.focus) ||
  (map.hits.size > 0 && !group.hit);

// One path for each colour: circles that overlap in it are one surface.
function batched(context, circles, colourOf, more = 0, { eye } = { eye: null }) {
  const paths = new Map();
  for (const one of circles) {
    const colour = colourOf(one);
    if (!paths.has(colour)) paths.set(colour, new Path2D());
    const path = paths.get(colour);
    // What is smaller than a point on the screen is as well a square.
    if (eye && one.r * eye.k < 1.2) path.rect(one.x - one.r, one.y - one.r, 2 * one.r, 2 * one.r);
    else {
      path.moveTo(one.x + one.r + more, one.y);
      path.arc(one.x, one.y, one.r + more, 0, TURN);
    }
  }
  for (const [colour, path] of paths) {
    context.fillStyle = colour;
    context.fill(path);
  }
}

function land(context, map, groups) {
  const shore = Math.min(7, 18 / map.eye.k);
  const hueOf = (group) => palette().land(map.colour === "area" ? group.hue : null);
  batched(context, groups, hueOf, shore);
}

function discs(context, map, groups) {
  const { disc, land: pale } = palette();
  batched(context, groups, (group) =>
    (steppedBack(map, group) ? pale : disc)(map.colour === "area" ? group.hue : null),
  );
}

function dots(context, map, groups) {
  const { dot, faint, fresh } = palette();
  const shown = groups.filter((group) => group.r * map.eye.k > 2.5).flatMap((group) => group.dots);
  const back = new Set(groups.filter((group) => steppedBack(map, group)));
  const colourOf = (one) => {
    const group = map.groups[one.group];
    const pale = back.has(group) || (map.hits.size > 0 && !one.hit);
    if (pale) return faint(map.colour === "changed" ? null : one.hue);
    return one.tint >= 0 ? fresh[one.tint] : dot(one.hue);
  };
  batched(context, shown, colourOf, -0.35, map);
}

function links(context, map) {
  const group = (map.over ?? map.chosen)?.group;
  if (!group) return;
  context.strokeStyle = palette().link;
  context.lineWidth = 1.2 / map.eye.k;
  for (const at of group.near) {
    const other = map.groups[at];
    const bend = 0.12;
    context.beginPath();
    context.moveTo(group.x, group.y);
    context.quadraticCurveTo(
      (group.x + other.x) / 2 - (other.y - group.y) * bend,
      (group.y + other.y) / 2 + (other.x - group.x) * bend,
      other.x,
      other.y,
    );
    context.stroke();
  }
}

function hits(context, map) {
  const { hit, glow } = palette();
  const found = [];
  for (const [path, rank] of map.hits)
    for (const dot of map.files.get(path) ?? []) found.push({ dot, rank });
  for (const { dot, rank } of found.reverse()) {
    const least = (rank < 3 ? 6 : 4) / map.eye.k;
    const r = Math.max(dot.r, least);
    context.fillStyle = glow;
    context.beginPath();
    context.arc(dot.x, dot.y, r + (rank < 10 ? 7 : 4) / map.eye.k, 0, TURN);
    context.fill();
    context.fillStyle = hit;
    context.globalAlpha = Math.max(0.55, 1 - rank / 60);
    context.beginPath();
    context.arc(dot.x, dot.y, r, 0, TURN);
    context.fill();
    context.globalAlpha = 1;
  }
}

function outlines(context, map) {
  const ring = (circle, colour, px) => {
    context.strokeStyle = colour;
    context.lineWidth = px / map.eye.k;
    context.beginPath();
    context.arc(circle.x, circle.y, circle.r + px / 2 / map.eye.k, 0, TURN);
    context.stroke();
  };
  const { edge, chosen, quiet } = palette();
  if (map.over) {
    ring(map.over.group, map.colour === "area" ? edge(map.over.group.hue) : quiet, 1.5);
    if (map.over.dot) ring(map.over.dot, quiet, 1.5);
  }
  if (map.chosen) {
    ring(map.chosen.group, chosen, map.chosen.dot ? 1 : 2);
    if (map.chosen.dot) ring(map.chosen.dot, chosen, 2);
  }
}

// Names where there is room: what is chosen, hits, areas seen from afar, clusters, files near by.
function labels(context, map, seen) {
  const taken = [];
  const { ink, quiet, paper, hit } = palette();
  const place = (text, px, py, { size, weight = 500, colour = ink, width = Infinity, must, terms }) => {
    context.font = `${weight} ${size}px system-ui, sans-serif`;
    const shown = fitted(context, visible(text), width, terms);
    if (!shown) return false;
    const wide = context.measureText(shown).width;
    const box = [px - wide / 2 - 4, py - size * 0.75, px + wide / 2 + 4, py + size * 0.75];
    const off = box[2] < 0 || box[0] > map.size.width || box[3] < 0 || box[1] > map.size.height;
    const meets = taken.some(
      (one) => box[0] < one[2] && box[2] > one[0] && box[1] < one[3] && box[3] > one[1],
    );
    if (off || (meets && !must)) return false;
    taken.push(box);
    context.lineWidth = 3.5;
    context.lineJoin = "round";
    context.strokeStyle = paper;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.strokeText(shown, px, py);
    context.fillStyle = colour;
    context.fillText(shown, px, py);
    return true;
  };
  const at = (one) => [
    (one.x - map.eye.x) * map.eye.k + map.size.width / 2,
    (one.y - map.eye.y) * map.eye.k + map.size.height / 2,
  ];
  const name = (dot) => map.names[dot.file];
  const fileName = (dot, style) => {
    const [px, py] = at(dot);
    place(name(dot), px, py, style);
  };
  if (map.chosen?.dot) {
    const [px, py] = at(map.chosen.dot);
    const below = py + map.chosen.dot.r * map.eye.k + 12;
    place(name(map.chosen.dot), px, below, { size: 13, weight: 650, must: true });
  }
  const named = new Set(map.chosen?.dot ? [map.chosen.dot] : []);
  for (const [path, rank] of map.hits) {
    const dot = map.files.get(path)?.[0];
    if (!dot || rank > 11 || named.has(dot)) continue;
    const [px, py] = at(dot);
    const above = py - Math.max(dot.r * map.eye.k, 6) - 10;
    if (place(name(dot), px, above, { size: 12, weight: 600, colour: hit })) named.add(dot);
  }
  const afar = map.eye.k * median(map.groups) < 26;
  if (afar && map.colour === "area") areaNames(map, at, place, ink);
  for (const group of seen) {
    if (steppedBack(map, group) && map.chosen?.group !== group) continue;
    const room = group.r * map.eye.k;
    const [px, py] = at(group);
    // Seen from near by the title stands over the disc, as the files have names of their own.
    const near = room > 78;
    if (room > 30)
      place(group.title, px, near ? py - room - 11 : py, {
        size: near ? 13.5 : Math.min(13, 9.5 + room / 24),
        weight: 620,
        width: near ? 2.4 * room : room * 2,
        terms: true,
      });
  }
  for (const group of seen) {
    if (group.r * map.eye.k < 70) continue;
    for (const dot of group.dots)
      if (dot.r * map.eye.k > 15 && !named.has(dot))
        fileName(dot, { size: 11, weight: 450, width: dot.r * map.eye.k * 2.5 });
  }
}

function areaNames(map, at, place, ink) {
  map.picture.areas.forEach((area, number) => {
    const own = map.groups.filter((group) => group.area === number);
    if (!own.length || (map.focus >= 0 && map.focus !== number)) return;
    const mass = own.reduce((sum, group) => sum + group.r ** 2, 0);
    const x = own.reduce((sum, group) => sum + group.x * group.r ** 2, 0) / mass;
    const y = own.reduce((sum, group) => sum + group.y * group.r ** 2, 0) / mass;
    if (Math.sqrt(mass) * map.eye.k < 24) return;
    const [px, py] = at({ x, y });
    place(area.name || "the root folder", px, py, { size: 15, weight: 700, colour: ink });
  });
}

function median(groups) {
  const sizes = groups.map((group) => group.r).sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length * 0.75)] ?? 1;
}

// As much of a text as is so wide: of a title whole terms, of a name its beginning.
function fitted(context, text, width, terms) {
  const fits = (shown) => context.measureText(shown).width <= width;
  if (fits(text)) return text;
  if (terms) {
    const parts = text.split(", ");
    while (parts.length > 1) {
      parts.pop();
      if (fits(parts.join(", "))) return parts.join(", ");
    }
  }
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(`${text.slice(0, middle)}…`)) low = middle;
    else high = middle - 1;
  }
  return low < Math.min(4, text.length) ? "" : `${text.slice(0, low)}…`;
}
