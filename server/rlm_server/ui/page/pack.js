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
  const steps = Math.max(40, Math.min(220, Math.floor(150000 / (groups.length + 1))));
  for (let step = 0; step < steps; step++) {
    const heat = 1 - step / steps;
    drawTogether(groups, areaCount, heat, wide);
    for (let again = 0; again < 2; again++) apart(groups);
  }
  for (let step = 0; step < 60 && apart(groups); step++);
  return groups;
}

function areaMiddles(groups, areaCount) {
  const circles = Array.from({ length: areaCount }, (_, area) => ({ area, r: 0 }));
  for (const one of groups) circles[one.area].r += one.r * one.r;
  for (const one of circles) one.r = Math.sqrt(one.r) * 1.2 + 4;
  packed([...circles].sort((a, b) => b.r - a.r));
  return circles;
}

function drawTogether(groups, areaCount, heat, wide) {
  const sums = Array.from({ length: areaCount }, () => [0, 0, 0]);
  for (const one of groups) {
    const sum = sums[one.area];
    const mass = one.r * one.r;
    sum[0] += one.x * mass;
    sum[1] += one.y * mass;
    sum[2] += mass;
  }
  for (const one of groups) {
    const [x, y, mass] = sums[one.area];
    one.x += (x / mass - one.x) * 0.045 * heat - one.x * 0.012 * heat;
    one.y += (y / mass - one.y) * 0.045 * heat - one.y * 0.012 * wide * heat;
    for (const at of one.near) {
      const other = groups[at];
      const pull = (other.area === one.area ? 0.02 : 0.006) * heat;
      one.x += (other.x - one.x) * pull;
      one.y += (other.y - one.y) * pull;
    }
  }
}

const GAP = 2.5;
const GAP_OF_AREAS = 11;

// Pushes apart what overlaps, the smaller one further; whether anything did.
function apart(groups) {
  const order = [...groups].sort((a, b) => a.x - a.r - (b.x - b.r));
  let moved = false;
  for (let i = 0; i < order.length; i++) {
    const one = order[i];
    for (let j = i + 1; j < order.length; j++) {
      const other = order[j];
      if (other.x - other.r > one.x + one.r + GAP_OF_AREAS) break;
      const room = one.r + other.r + (one.area === other.area ? GAP : GAP_OF_AREAS);
      let dx = other.x - one.x;
      let dy = other.y - one.y;
      const square = dx * dx + dy * dy;
      if (square >= room * room - 1e-3) continue;
      let far = Math.sqrt(square);
      if (far < 1e-6) {
        dx = 1e-3 * (1 + (i % 7));
        dy = 1e-3 * (1 + (j % 5));
        far = Math.hypot(dx, dy);
      }
      const push = (room - far) / far;
      const share = (other.r * other.r) / (one.r * one.r + other.r * other.r);
      one.x -= dx * push * share;
      one.y -= dy * push * share;
      other.x += dx * push * (1 - share);
      other.y += dy * push * (1 - share);
      moved = true;
    }
  }
  return moved;
}
