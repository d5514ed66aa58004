// Circles laid side by side: the files of a cluster as a tight disc, the clusters as continents.
// Numbers in, numbers out; nothing here draws. Same picture, same layout.

// Lays circles {r} around the first, each where it touches two that lie already and is nearest to
// the middle (the front chain of Wang et al., 2006). Sets x and y; returns the radius around all.
export function packed(circles) {
  if (!circles.length) return 0;
  let [a, b, c] = circles;
  a.x = a.y = 0;
  if (!b) return a.r;
  a.x = -b.r;
  b.x = a.r;
  b.y = 0;
  if (!c) return enclosing(circles);
  touching(b, a, c);
  a = { of: a };
  b = { of: b };
  c = { of: c };
  a.next = c.previous = b;
  b.next = a.previous = c;
  c.next = b.previous = a;
  for (const circle of circles.slice(3)) {
    const made = { of: circle };
    do touching(a.of, b.of, circle);
    while (cutOff(circle));
    made.previous = a;
    made.next = b;
    a.next = b.previous = made;
    a = nearest(made);
    b = a.next;
  }
  return enclosing(circles);

  // Whether the circle overlaps the front; then what lies between is cut off the front.
  function cutOff(circle) {
    let ahead = b.next;
    let behind = a.previous;
    let [run, back] = [b.of.r, a.of.r];
    do {
      const forwards = run <= back;
      const met = forwards ? ahead : behind;
      if (overlap(met.of, circle)) {
        if (forwards) b = met;
        else a = met;
        a.next = b;
        b.previous = a;
        return true;
      }
      if (forwards) {
        run += met.of.r;
        ahead = met.next;
      } else {
        back += met.of.r;
        behind = met.previous;
      }
    } while (ahead !== behind.next);
    return false;
  }
}

// Where the front is nearest to the middle.
function nearest(start) {
  let best = start;
  for (let one = start.next; one !== start; one = one.next)
    if (distance(one) < distance(best)) best = one;
  return best;
}

function touching(b, a, c) {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const square = dx * dx + dy * dy;
  if (!square) {
    c.x = a.x + c.r;
    c.y = a.y;
    return;
  }
  const toA = (a.r + c.r) ** 2;
  const toB = (b.r + c.r) ** 2;
  if (toA > toB) {
    const x = (square + toB - toA) / (2 * square);
    const y = Math.sqrt(Math.max(0, toB / square - x * x));
    c.x = b.x - x * dx - y * dy;
    c.y = b.y - x * dy + y * dx;
  } else {
    const x = (square + toA - toB) / (2 * square);
    const y = Math.sqrt(Math.max(0, toA / square - x * x));
    c.x = a.x + x * dx - y * dy;
    c.y = a.y + x * dy + y * dx;
  }
}

function overlap(a, b) {
  const room = a.r + b.r - 1e-6;
  return room > 0 && room * room > (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
}

function distance(node) {
  const a = node.of;
  const b = node.next.of;
  const both = a.r + b.r;
  const x = (a.x * b.r + b.x * a.r) / both;
  const y = (a.y * b.r + b.y * a.r) / both;
  return x * x + y * y;
}

// Moves circles so that their middle is at the origin; the radius that holds them all.
function enclosing(circles) {
  let [x, y, mass] = [0, 0, 0];
  for (const one of circles) {
    const weight = one.r * one.r;
    x += one.x * weight;
    y += one.y * weight;
    mass += weight;
  }
  let radius = 0;
  for (const one of circles) {
    one.x -= x / mass;
    one.y -= y / mass;
    radius = Math.max(radius, Math.hypot(one.x, one.y) + one.r);
  }
  return radius;
}

// Places groups {r, area, near} so that none overlap, those of an area lie together and those that
// are alike lie near each other. `wide` is how much wider than high the room is.
export function settled(groups, areaCount, wide) {
  const middles = areaMiddles(groups, areaCount);
  const placed = new Array(areaCount).fill(0);
  for (const one of groups) {
    if (one.x !== undefined) continue;
    const turn = placed[one.area]++;
    const far = Math.sqrt(turn) * (one.r + 6);
    const middle = middles[one.area];
    one.x = (middle.x + far * Math.cos(turn * 2.39996)) * Math.sqrt(wide);
    one.y = (middle.y + far * Math.sin(turn * 2.39996)) / Math.sqrt(wide);
  }
  const room = roomOf(groups);
  const steps = Math.max(30, Math.min(160, Math.floor(80000 / (groups.length + 1))));
  for (let step = 0; step < steps; step++) {
    drawTogether(groups, room, areaCount, 1 - step / steps, wide);
    apart(room);
  }
  for (let step = 0; step < 280 && apart(room); step++);
  groups.forEach((one, at) => {
    one.x = room.x[at];
    one.y = room.y[at];
  });
  return groups;
}

// The circles as columns of numbers, which is several times as fast to go through.
function roomOf(groups) {
  return {
    x: Float64Array.from(groups, (one) => one.x),
    y: Float64Array.from(groups, (one) => one.y),
    r: Float64Array.from(groups, (one) => one.r),
    area: Int32Array.from(groups, (one) => one.area),
    order: Int32Array.from(groups, (_, at) => at),
    left: new Float64Array(groups.length),
  };
}

function areaMiddles(groups, areaCount) {
  const circles = Array.from({ length: areaCount }, (_, area) => ({ area, r: 0 }));
  for (const one of groups) circles[one.area].r += one.r * one.r;
  for (const one of circles) one.r = Math.sqrt(one.r) * 1.2 + 4;
  packed([...circles].sort((a, b) => b.r - a.r));
  return circles;
}

// How strongly a circle is drawn to the middle of its area, and to that of the whole.
const HOLD = 0.09;
const FALL = 0.012;

function drawTogether(groups, { x, y, r, area }, areaCount, heat, wide) {
  const sums = new Float64Array(3 * areaCount);
  for (let at = 0; at < x.length; at++) {
    const mass = r[at] * r[at];
    sums[3 * area[at]] += x[at] * mass;
    sums[3 * area[at] + 1] += y[at] * mass;
    sums[3 * area[at] + 2] += mass;
  }
  for (let at = 0; at < x.length; at++) {
    const mass = sums[3 * area[at] + 2];
    x[at] += ((sums[3 * area[at]] / mass - x[at]) * HOLD - (x[at] * FALL) / wide) * heat;
    y[at] += ((sums[3 * area[at] + 1] / mass - y[at]) * HOLD - y[at] * FALL * wide) * heat;
    for (const other of groups[at].near) {
      const pull = (area[other] === area[at] ? 0.02 : 0.003) * heat;
      x[at] += (x[other] - x[at]) * pull;
      y[at] += (y[other] - y[at]) * pull;
    }
  }
}

const GAP = 2.5;
const GAP_OF_AREAS = 11;
const TOUCH = 2;

// Pushes apart what overlaps, the smaller one further; whether much did. The order is kept from the
// left to the right, so that each is compared with those beside it only.
function apart({ x, y, r, area, order, left }) {
  sortByLeft(x, r, order, left);
  let most = 0;
  for (let i = 0; i < order.length; i++) {
    const one = order[i];
    const right = x[one] + r[one] + GAP_OF_AREAS;
    for (let j = i + 1; j < order.length; j++) {
      const other = order[j];
      if (left[other] > right) break;
      const room = r[one] + r[other] + (area[one] === area[other] ? GAP : GAP_OF_AREAS);
      let dy = y[other] - y[one];
      if (dy > room || dy < -room) continue;
      let dx = x[other] - x[one];
      const square = dx * dx + dy * dy;
      if (square >= room * room) continue;
      let far = Math.sqrt(square);
      if (far < 1e-6) {
        dx = 1e-3 * (1 + (i % 7));
        dy = 1e-3 * (1 + (j % 5));
        far = Math.sqrt(dx * dx + dy * dy);
      }
      const push = (room - far) / far;
      const share = (r[other] * r[other]) / (r[one] * r[one] + r[other] * r[other]);
      x[one] -= dx * push * share;
      y[one] -= dy * push * share;
      x[other] += dx * push * (1 - share);
      y[other] += dy * push * (1 - share);
      most = Math.max(most, room - far);
    }
  }
  return most > TOUCH;
}

// By insertion: from one step to the next hardly anything changes places.
function sortByLeft(x, r, order, left) {
  for (let at = 0; at < x.length; at++) left[at] = x[at] - r[at];
  for (let i = 1; i < order.length; i++) {
    const one = order[i];
    let j = i;
    for (; j > 0 && left[order[j - 1]] > left[one]; j--) order[j] = order[j - 1];
    order[j] = one;
  }
}
