// Mouse, fingers and keys on the map.

import { byId, fill, say, visible } from "./dom.js";
import * as view from "./map.js";

const canvas = byId("canvas");
const tip = byId("tip");
const fingers = new Map();
let moved = 0;
let spread = 0;

export function listen() {
  canvas.addEventListener("wheel", onWheel, { passive: false });
  canvas.addEventListener("pointerdown", onDown);
  canvas.addEventListener("pointermove", onMove);
  canvas.addEventListener("pointerup", onUp);
  canvas.addEventListener("pointercancel", onUp);
  canvas.addEventListener("pointerleave", () => hover(null));
  canvas.addEventListener("keydown", onKey);
  byId("zoom-in").addEventListener("click", () => view.zoomBy(1.5));
  byId("zoom-out").addEventListener("click", () => view.zoomBy(1 / 1.5));
  byId("zoom-all").addEventListener("click", () => view.seeAll());
  new ResizeObserver(view.resize).observe(canvas);
}

const place = (event) => [event.offsetX, event.offsetY];

function onWheel(event) {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 18 : 1;
  const strength = event.ctrlKey ? 0.012 : 0.0022;
  view.zoomBy(Math.exp(-event.deltaY * lines * strength), ...place(event));
}

function onDown(event) {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, place(event));
  if (fingers.size === 1) moved = 0;
  spread = 0;
}

function onMove(event) {
  const [px, py] = place(event);
  const before = fingers.get(event.pointerId);
  if (!before) {
    if (event.pointerType === "mouse") hover(view.pick(px, py), px, py);
    return;
  }
  fingers.set(event.pointerId, [px, py]);
  moved += Math.abs(px - before[0]) + Math.abs(py - before[1]);
  if (fingers.size === 1 && moved > 5) {
    hover(null);
    view.moveBy(px - before[0], py - before[1]);
  }
  if (fingers.size === 2) {
    const [[ax, ay], [bx, by]] = [...fingers.values()];
    const far = Math.hypot(ax - bx, ay - by);
    if (spread) view.zoomBy(far / spread, (ax + bx) / 2, (ay + by) / 2);
    spread = far;
  }
}

function onUp(event) {
  const tapped = fingers.size === 1 && moved <= 5 && event.type === "pointerup";
  fingers.delete(event.pointerId);
  spread = 0;
  if (!tapped) return;
  const picked = view.pick(...place(event));
  // The first click on a cluster goes there, the next one into it.
  view.choose(picked);
  if (picked) say(view.told(picked));
}

function hover(picked, px = 0, py = 0) {
  const same = picked?.group === view.map.over?.group && picked?.dot === view.map.over?.dot;
  if (!same) {
    view.map.over = picked;
    view.redraw();
    canvas.classList.toggle("over", Boolean(picked));
    tip.hidden = !picked;
    if (picked) fill(tip, visible(view.told(picked)));
  }
  if (picked) {
    const { width, height } = view.map.size;
    const x = Math.min(px + 14, width - tip.offsetWidth - 8);
    const y = py + 20 + tip.offsetHeight > height ? py - tip.offsetHeight - 10 : py + 18;
    tip.style.transform = `translate(${Math.max(4, x)}px, ${y}px)`;
  }
}

const STEPS = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !view.map.picture) return;
  const { chosen } = view.map;
  if (event.key in STEPS) {
    if (event.shiftKey) view.moveBy(...STEPS[event.key].map((one) => -60 * one));
    else view.step(...STEPS[event.key]);
  } else if (event.key === "Enter" && chosen && !chosen.dot)
    view.choose({ group: chosen.group, dot: chosen.group.dots[0] });
  else if (event.key === "Escape")
    view.choose(chosen?.dot ? { group: chosen.group } : null);
  else if (event.key === "+" || event.key === "=") view.zoomBy(1.4);
  else if (event.key === "-") view.zoomBy(1 / 1.4);
  else if (event.key === "0") view.seeAll();
  else return;
  event.preventDefault();
  if (view.map.chosen) say(view.told(view.map.chosen));
}
