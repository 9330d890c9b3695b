// The figures one touches, for anywidget: plain SVG, inputs and buttons. No library, no network.
//
// Python owns the state. A figure draws `scene`, which is plain data, and sends what the reader did as `move`; Python
// checks it, and answers with a new state, a new scene and a sentence. What needs no rule is worked out here at once.
//
// A cell shows a picture inside <div data-touch="KEY">. Once the model with that key is there, the figure takes the
// picture's place; without a kernel the picture stands.

const STYLE = `
.mm-touch {
  --mm-ink: var(--jp-content-font-color1, var(--colab-primary-text-color, var(--vscode-editor-foreground, #1b1f24)));
  --mm-paper: var(--jp-layout-color0, var(--colab-primary-surface-color, var(--vscode-editor-background, #ffffff)));
  --mm-quiet: color-mix(in srgb, var(--mm-ink) 72%, var(--mm-paper));
  --mm-pale: color-mix(in srgb, var(--mm-ink) 22%, var(--mm-paper));
  --mm-wash: color-mix(in srgb, var(--mm-ink) 7%, var(--mm-paper));
  --mm-bad: #d55e00; --mm-good: #009e73; --mm-focus: #0072b2;
  color: var(--mm-ink); background: var(--mm-paper); font: 14px/1.45 system-ui, sans-serif;
  max-width: 1120px; padding: 8px; box-sizing: border-box; container-type: inline-size;
}
@media (prefers-color-scheme: dark) {
  .mm-touch {
    --mm-ink: var(--jp-content-font-color1, var(--colab-primary-text-color, var(--vscode-editor-foreground, #e6edf3)));
    --mm-paper: var(--jp-layout-color0, var(--colab-primary-surface-color, var(--vscode-editor-background, #0d1117)));
  }
}
.mm-touch * { box-sizing: border-box; }
.mm-touch p, .mm-touch ol { margin: 4px 0; }
.mm-touch ol { padding-left: 22px; }
.mm-touch h4 { margin: 0 0 4px; font-size: 16px; }
.mm-touch svg { display: block; max-width: 100%; overflow: visible; }
.mm-touch svg text { fill: var(--mm-ink); font-size: 14px; }
.mm-touch .mm-row { display: flex; flex-wrap: wrap; gap: 10px 24px; align-items: flex-start; }
.mm-touch .mm-controls { display: flex; flex-wrap: wrap; gap: 6px 18px; align-items: center; margin-bottom: 8px; }
.mm-touch label { display: inline-flex; gap: 6px; align-items: center; max-width: 100%; flex-wrap: wrap; }
.mm-touch [hidden] { display: none !important; }
.mm-touch input[type=range] { width: 130px; accent-color: var(--mm-focus); }
.mm-touch output { min-width: 2.2em; font-variant-numeric: tabular-nums; }
.mm-touch button, .mm-touch select {
  font: inherit; color: inherit; background: var(--mm-wash); border: 1px solid var(--mm-pale); border-radius: 6px;
  padding: 3px 10px; min-height: 28px; max-width: 100%;
}
.mm-touch button { cursor: pointer; }
.mm-touch button:is([aria-pressed=true], [aria-selected=true]) { background: #0072b2; border-color: #0072b2; color: #ffffff; font-weight: 600; }
.mm-touch :focus { outline: none; }
.mm-touch :is(button, select, input):focus-visible { outline: 3px solid var(--mm-focus); outline-offset: 2px; }
.mm-touch .mm-ring { fill: none; stroke: none; }
.mm-touch :focus-visible > .mm-ring { stroke: var(--mm-focus); stroke-width: 4; }
.mm-touch .mm-can { cursor: pointer; }
.mm-touch .mm-drag { cursor: grab; touch-action: none; }
.mm-touch .mm-told { min-height: 3em; padding: 4px 10px; border-left: 4px solid var(--mm-pale); }
.mm-touch .mm-told[data-mood=bad] { border-color: var(--mm-bad); background: var(--mm-wash); }
.mm-touch .mm-told[data-mood=good] { border-color: var(--mm-good); }
.mm-touch li[data-broken] { color: var(--mm-ink); font-weight: 600; background: var(--mm-wash);
  box-shadow: -4px 0 0 var(--mm-bad); }
.mm-touch .mm-bar { height: 12px; border-radius: 3px; background: var(--mm-wash); overflow: hidden; }
.mm-touch .mm-bar > div { height: 100%; }
.mm-touch .mm-quiet { color: var(--mm-quiet); }
.mm-touch figure { margin: 0; }
.mm-touch img { display: block; border: 1px solid var(--mm-pale); max-width: 100%; }
.mm-touch .mm-arrow { font-size: 28px; align-self: center; }
.mm-touch .mm-done rect.mm-edge { animation: mm-glow 1.2s ease-out 1; }
@keyframes mm-glow { from { stroke-width: 9; } to { stroke-width: 3; } }
@media (prefers-reduced-motion: reduce) { .mm-touch .mm-done rect.mm-edge { animation: none; } }
`;

const NS = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "g", "path", "line", "circle", "rect", "text", "image", "title", "polygon", "polyline"]);

/** Make an element; attributes that are null or false are left out, those that are functions listen. */
function h(tag, attributes = {}, ...children) {
  const made = DRAWN.has(tag) ? document.createElementNS(NS, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (name.startsWith("aria-")) made.setAttribute(name, `${value}`);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** A class's colour as a line or an edge: darker on white, lighter on black. */
const strong = (color) => `color-mix(in srgb, ${color} 72%, var(--mm-ink))`;
/** A class's colour as a surface: a little towards the ink, so that a dark one is seen on black. */
const solid = (color) => `color-mix(in srgb, ${color} 84%, var(--mm-ink))`;
const plural = (n, one) => `${n} ${n === 1 ? one : `${one}s`}`;

/** The outline of a marker, as matplotlib names them. */
function marker(kind, x, y, r) {
  const ring = (corners, from, radii = [1]) => `M${[...Array(corners).keys()].map((k) => {
    const turn = (from + 360 * k / corners) * Math.PI / 180, reach = r * radii[k % radii.length];
    return `${(x + reach * Math.sin(turn)).toFixed(1)},${(y - reach * Math.cos(turn)).toFixed(1)}`;
  }).join("L")}Z`;
  const cross = (turn) => {
    const a = 0.36 * r, points = [[-a, -r], [a, -r], [a, -a], [r, -a], [r, a], [a, a], [a, r], [-a, r], [-a, a], [-r, a],
      [-r, -a], [-a, -a]];
    const c = Math.cos(turn), s = Math.sin(turn);
    return `M${points.map(([u, v]) => `${(x + c * u - s * v).toFixed(1)},${(y + s * u + c * v).toFixed(1)}`).join("L")}Z`;
  };
  if (kind === "P") return cross(0);
  if (kind === "X") return cross(Math.PI / 4);
  const shapes = { s: [4, 45, [1.2]], D: [4, 0, [1.2]], d: [4, 0, [1.3, 0.8]], "^": [3, 0, [1.2]], v: [3, 180, [1.2]],
    ">": [3, 90, [1.2]], "<": [3, 270, [1.2]], p: [5, 0, [1.1]], h: [6, 0, [1.1]], "*": [10, 0, [1.35, 0.55]] };
  return ring(...(shapes[kind] ?? [16, 0]));
}

/** The element of `places` (id -> [x, y]) that lies next in the direction of an arrow key, or undefined. */
function towards(key, from, places) {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  let best, least = Infinity;
  for (const [id, [x, y]] of places) {
    const dx = x - from[0], dy = y - from[1], along = dx * way[0] + dy * way[1];
    const cost = Math.abs(dx) + Math.abs(dy) + 2 * Math.abs(dx * way[1] + dy * way[0]);
    if (along > 0.5 && cost < least) [best, least] = [id, cost];
  }
  return best;
}

/** An input for each control that has no place in the figure itself. */
function controlsOf(ctx, own) {
  const box = h("div", { class: "mm-controls" }), updates = [];
  for (const spec of ctx.model.get("controls")) {
    if (own.includes(spec.name) || spec.kind === "memory") continue;
    const set = (value) => ctx.set({ [spec.name]: value });
    let made, update = () => {};
    if (spec.kind === "slider") {
      const input = h("input", { type: "range", step: spec.step, "data-key": `control ${spec.name}`,
        input: () => set(Number(input.value)) });
      const shown = h("output");
      made = h("label", {}, h("span", {}, spec.description), input, shown);
      update = (state) => {
        const [low, high] = ctx.scene().limits[spec.name] ?? [spec.low, spec.high];
        Object.assign(input, { min: low, max: high, value: state[spec.name] });
        shown.textContent = Number.isInteger(spec.step) ? state[spec.name] : state[spec.name].toFixed(2);
      };
    } else if (spec.kind === "choice") {
      const input = h("select", { "data-key": `control ${spec.name}`, change: () => set(spec.options[input.selectedIndex]) },
        spec.options.map((option) => h("option", {}, `${option}`)));
      made = h("label", {}, h("span", {}, spec.description), input);
      update = (state) => { input.selectedIndex = spec.options.indexOf(state[spec.name]); };
    } else if (spec.kind === "toggle") {
      const input = h("input", { type: "checkbox", "data-key": `control ${spec.name}`, change: () => set(input.checked) });
      made = h("label", {}, input, h("span", {}, spec.description));
      update = (state) => { input.checked = state[spec.name]; };
    } else if (spec.kind === "button") {
      made = h("button", { type: "button", "data-key": `control ${spec.name}`, click: () => ctx.send({ press: spec.name }) },
        spec.description);
    } else {
      made = player(ctx, spec);
    }
    box.append(made);
    updates.push((state) => {
      made.hidden = ctx.scene().idle.includes(spec.name);
      update(state);
    });
  }
  return { box, update: (state) => updates.forEach((update) => update(state)) };
}

/** A button that runs a slider to its end. */
function player(ctx, spec) {
  let timer = null;
  const stop = () => { clearInterval(timer); timer = null; button.textContent = `▶ ${spec.description}`; };
  const step = () => {
    const slider = ctx.model.get("controls").find((c) => c.name === spec.slider);
    const [, high] = ctx.scene().limits[slider.name] ?? [slider.low, slider.high], now = ctx.state()[slider.name];
    if (now + slider.step > high || !button.isConnected) stop(); else ctx.set({ [slider.name]: now + slider.step });
  };
  const button = h("button", { type: "button", "data-key": `control ${spec.name}`, click: () => {
    if (timer) return stop();
    const slider = ctx.model.get("controls").find((c) => c.name === spec.slider);
    const [low, high] = ctx.scene().limits[slider.name] ?? [slider.low, slider.high];
    if (ctx.state()[slider.name] >= high) ctx.set({ [slider.name]: low });
    button.textContent = `⏸ ${spec.description}`;
    timer = setInterval(step, spec.milliseconds);
  } }, `▶ ${spec.description}`);
  return button;
}

// ---------------------------------------------------------------------------------------------------- patches and ties

/** Patches on rings, a ring for each class; two clicks tie two of them. */
function graph(ctx) {
  let picked = null, looked = null, panels = [];
  const row = h("div", { class: "mm-row" }), said = h("p", { class: "mm-quiet", "data-role": "triplet" });
  const element = h("div", {}, row);
  const called = (node) => {
    const scene = ctx.scene();
    return `patch ${node} (${scene.classes[scene.nodes[node]].name})`;
  };

  function touched(node) {
    if (!ctx.scene().by_hand) return;
    if (picked === null) {
      picked = node;
      ctx.tell(`${called(node)} picked: now choose the patch to tie it to. Escape lets it go.`);
    } else if (picked === node && ctx.scene().nodes.filter((c) => c === ctx.scene().nodes[node]).length > 1) {
      picked = null;
      ctx.tell("");
    } else {
      ctx.send({ do: { tie: [picked, node] } });
      picked = null;
    }
    mark();
  }

  /** Show the triplets of the patch under the pointer or the focus, in all panels. */
  function mark() {
    const sentences = panels.map((panel) => panel.mark(looked, picked)).filter(Boolean);
    said.textContent = looked === null
      ? "Point at a patch, or reach it with Tab and the arrow keys, to see its triplet." : sentences.join(" ");
  }

  function keys(event, node, places) {
    if (event.key === "Enter" || event.key === " ") touched(node);
    else if (event.key === "Escape") { picked = null; ctx.tell(""); mark(); }
    else if (event.key.startsWith("Arrow")) {
      const next = towards(event.key, places.get(node), [...places]);
      if (next !== undefined) event.currentTarget.parentNode.querySelector(`[data-node="${next}"]`).focus();
    } else return;
    event.preventDefault();
  }

  function draw(width) {
    const scene = ctx.scene(), two = width > 700, wide = two ? Math.floor((width - 24) / 2) : width;
    if (!scene.by_hand) picked = null;
    ctx.told.hidden = !scene.by_hand;
    panels = scene.panels.map((panel, place) => drawPanel(scene, panel, place, wide));
    row.replaceChildren(...panels.map((panel) => panel.element));
    if (scene.rules) {
      row.append(h("section", { style: `width:${wide}px` }, ctx.told, h("h4", {}, "The rules"),
        h("ol", {}, scene.rules.map((rule, k) =>
          h("li", { "data-broken": ctx.answer().rule === k + 1 }, rule))),
        h("p", { class: "mm-quiet" }, scene.how), said));
    } else element.append(ctx.told, said);
    mark();
  }

  function drawPanel(scene, panel, place, width) {
    const labels = scene.nodes, members = scene.classes.map((_, c) => scene.order.filter((i) => labels[i] === c));
    const most = Math.max(...members.map((m) => m.length));
    const columns = Math.min(members.length, width < 330 ? 1 : members.length > 4 && width > 480 ? 3 : 2);
    const cell = width / columns, high = Math.min(cell, 226), ring = (n) => (n === 1 ? 0 : 0.7 / Math.sin(Math.PI / n));
    const side = Math.min(50, (Math.min(cell - 52, high - 64)) / (2 * ring(most) + 1.1)), places = new Map(), outside = new Map();
    members.forEach((nodes, c) => {
      const x = (c % columns + 0.5) * cell, y = Math.floor(c / columns) * high + 30 + (high - 30) / 2;
      const radius = nodes.length === 1 ? 0 : Math.max(ring(nodes.length), 0.8 * ring(most)) * side;
      nodes.forEach((node, k) => {
        const turn = 2 * Math.PI * k / nodes.length, u = Math.sin(turn), v = -Math.cos(turn);
        const far = (side / 2) / Math.max(Math.abs(u), Math.abs(v));
        places.set(node, [x + radius * u, y + radius * v]);
        outside.set(node, [x + (radius + far + 13) * u, y + (radius + far + 11) * v]);
      });
    });
    const rows = Math.ceil(members.length / columns), used = new Set(panel.triplets.flat());
    const layer = { edges: h("g"), marked: h("g"), patches: h("g") };
    const edge = (a, b, attributes) => {
      const [x, y] = places.get(a), [u, v] = places.get(b), length = Math.hypot(u - x, v - y) || 1;
      const cut = (side * 0.62) / length, tip = [u - (u - x) * cut, v - (v - y) * cut];
      const turn = Math.atan2(v - y, u - x) * 180 / Math.PI;
      return h("g", attributes, h("line", { x1: x, y1: y, x2: tip[0], y2: tip[1] }),
        h("path", { d: "M0,0L-9,-5L-9,5Z", stroke: "none", fill: attributes.stroke,
          transform: `translate(${tip[0]} ${tip[1]}) rotate(${turn})` }));
    };
    for (const [a, p] of panel.triplets) {
      if (a !== p) layer.edges.append(edge(a, p, { stroke: strong(scene.classes[labels[a]].color), "stroke-width": 3,
        "data-edge": `${a} ${p}` }));
    }
    const live = scene.by_hand && place === 0;
    const stop = places.has(looked) ? looked : scene.order[0];
    for (const [node, [x, y]] of places) {
      const look = scene.classes[labels[node]], at = outside.get(node);
      layer.patches.append(h("g", { role: live ? "button" : "img", tabindex: node === stop ? 0 : -1, class: live ? "mm-can" : null,
        "data-node": node, "data-key": `patch ${place} ${node}`,
        "aria-label": `Patch ${node}, ${look.name}${scene.visited.includes(node) && live ? ", visited" : ""}. ${tripletsOf(panel, node)}`,
        click: () => touched(node), keydown: (event) => keys(event, node, places),
        pointerenter: () => { looked = node; mark(); }, pointerleave: () => { looked = null; mark(); },
        focus: (event) => {
          event.currentTarget.parentNode.querySelectorAll("[tabindex]").forEach((e) => e.setAttribute("tabindex", -1));
          event.currentTarget.setAttribute("tabindex", 0);
          looked = node;
          mark();
        },
        blur: () => { looked = null; mark(); } },
      h("rect", { class: "mm-ring", x: x - side / 2 - 5, y: y - side / 2 - 5, width: side + 10, height: side + 10, rx: 5 }),
      h("rect", { x: x - side / 2, y: y - side / 2, width: side, height: side, fill: "var(--mm-paper)" }),
      h("image", { href: ctx.model.get("art")[node], x: x - side / 2, y: y - side / 2, width: side, height: side,
        preserveAspectRatio: "none", opacity: used.has(node) || !panel.fade ? 1 : 0.4 }),
      h("rect", { class: "mm-edge", x: x - side / 2, y: y - side / 2, width: side, height: side, fill: "none",
        stroke: strong(look.color), "stroke-width": 3, "stroke-dasharray": used.has(node) ? null : "4 3" }),
      h("text", { x: at[0], y: at[1], "text-anchor": "middle", "dominant-baseline": "central",
        "font-weight": used.has(node) ? 600 : 400 }, `${node}`)));
    }
    const names = scene.classes.map((look, c) => {
      const x = (c % columns) * cell + 6, y = Math.floor(c / columns) * high + 16;
      return h("g", {}, h("path", { d: marker(look.marker, x + 6, y - 5, 6), fill: look.color, stroke: "var(--mm-ink)" }),
        h("text", { x: x + 18, y, "data-pieces": look.name, "font-weight": 600 },
          `${look.name}: ${plural(panel.pieces[c], "piece")}`));
    });
    const svg = h("svg", { width, height: rows * high + 6, role: "group", "aria-label": panel.title,
      class: scene.done ? "mm-done" : null }, layer.edges, layer.marked, names, layer.patches);
    const made = h("section", { style: `width:${width}px` }, h("h4", {}, panel.title), svg, h("p", {}, panel.summary));
    return { element: made, mark: (node, chosen) => {
      layer.marked.replaceChildren();
      for (const group of layer.patches.children) {
        const id = Number(group.dataset.node), frame = group.querySelector(".mm-edge");
        const hot = id === node || id === chosen;
        frame.setAttribute("stroke-width", hot ? 5 : 3);
        frame.setAttribute("stroke", hot ? "var(--mm-ink)" : strong(scene.classes[labels[id]].color));
        if (live) group.setAttribute("aria-pressed", id === chosen);
      }
      if (live && chosen !== null && node !== null && node !== chosen) {
        layer.marked.append(edge(chosen, node, { stroke: "var(--mm-ink)", "stroke-width": 2, "stroke-dasharray": "3 5" }));
      }
      if (node === null || !places.has(node)) return "";
      for (const [a, p, n] of panel.triplets.filter((t) => t[0] === node)) {
        layer.marked.append(edge(a, n, { stroke: "var(--mm-quiet)", "stroke-width": 2.5, "stroke-dasharray": "9 6", "data-negative": n }));
        if (a !== p) layer.marked.append(edge(a, p, { stroke: "var(--mm-ink)", "stroke-width": 5, "data-positive": p }));
      }
      return `${scene.panels.length > 1 ? `${panel.title}: ` : ""}patch ${node}, ${scene.classes[labels[node]].name}. ${tripletsOf(panel, node)}`;
    } };
  }

  function tripletsOf(panel, node) {
    const own = panel.triplets.filter((t) => t[0] === node);
    if (own.length) return own.slice(0, 3).map(([, p, n]) => `Anchor: positive ${p}, negative ${n} (dashed).`).join(" ");
    return panel.triplets.some((t) => t.includes(node)) ? "No anchor so far, only another's positive or negative." : "In no triplet so far.";
  }

  return { element, draw, own: ["positive", "join", "look", "node"], update: () => {} };
}

// -------------------------------------------------------------------------------------------------------- on the circle

/** Squared distances, loss and whether the hinge is open, of three directions in degrees. */
export function triplet(state) {
  const apart = (a, b) => 2 - 2 * Math.cos((state[a] - state[b]) * Math.PI / 180);
  const near = apart("anchor", "positive"), far = apart("anchor", "negative");
  return { near, far, loss: Math.max(0, near - far + state.margin), open: near - far + state.margin > 0 };
}

/** Anchor, positive and negative on the unit circle, each a handle to drag. */
function circle(ctx) {
  const roles = ["anchor", "positive", "negative"], row = h("div", { class: "mm-row" }), handles = {};
  let side = 400, parts = {};
  const colors = { anchor: "var(--mm-ink)", positive: strong("#0072B2"), negative: strong("#D55E00") };
  const at = (degrees, reach = 1) => {
    const turn = degrees * Math.PI / 180, r = (side / 2 - 52) * reach;
    return [side / 2 + r * Math.cos(turn), side / 2 - r * Math.sin(turn)];
  };
  const most = () => (ctx.state().non_negative ? 90 : 359);
  const kept = (degrees) => {
    const whole = ((Math.round(degrees) % 360) + 360) % 360;
    return ctx.state().non_negative && whole > 90 ? (whole > 225 ? 0 : 90) : whole;
  };
  const move = (role, degrees) => ctx.set({ [role]: kept(degrees) });

  function handle(role) {
    const steps = { ArrowLeft: 1, ArrowUp: 1, ArrowRight: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
    return h("g", { role: "slider", tabindex: 0, class: "mm-drag", "aria-label": role, "data-key": `handle ${role}`, "data-role": role,
      "aria-valuemin": 0,
      keydown: (event) => {
        const now = ctx.state()[role];
        if (event.key === "Home") ctx.set({ [role]: 0 });
        else if (event.key === "End") ctx.set({ [role]: most() });
        else if (steps[event.key]) {
          const next = now + steps[event.key] * (event.shiftKey ? 10 : 1);
          ctx.set({ [role]: ctx.state().non_negative ? Math.min(90, Math.max(0, next)) : (next + 360) % 360 });
        } else return;
        event.preventDefault();
      },
      pointerdown: (event) => { event.currentTarget.setPointerCapture(event.pointerId); event.currentTarget.focus({ preventScroll: true }); },
      pointermove: (event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const box = parts.svg.getBoundingClientRect(), scale = box.width / side;
        const x = event.clientX - box.left - scale * side / 2, y = event.clientY - box.top - scale * side / 2;
        move(role, Math.atan2(-y, x) * 180 / Math.PI);
      } },
    h("circle", { class: "mm-ring", r: 20 }), h("circle", { r: 14, fill: colors[role], stroke: "var(--mm-paper)", "stroke-width": 2 }),
    h("text", { "text-anchor": "middle", "dominant-baseline": "central", "font-weight": 700, style: "fill:var(--mm-paper)" }, role[0]));
  }

  function draw(width) {
    side = Math.min(400, width);
    for (const role of roles) handles[role] ??= handle(role);
    parts = { back: h("g"), lines: h("g"), number: {}, bar: {}, chart: h("div"), verdict: h("p", { role: "status" }) };
    const inner = side / 2 - 52;
    parts.svg = h("svg", { width: side, height: side, role: "group", "aria-label": "unit circle" },
      h("line", { x1: 16, x2: side - 16, y1: side / 2, y2: side / 2, stroke: "var(--mm-pale)" }),
      h("line", { y1: 16, y2: side - 16, x1: side / 2, x2: side / 2, stroke: "var(--mm-pale)" }),
      h("circle", { cx: side / 2, cy: side / 2, r: inner, fill: "none", stroke: "var(--mm-quiet)", "stroke-width": 2 }),
      parts.back, parts.lines, roles.map((role) => handles[role]));
    const line = (name, label, color) => {
      parts.number[name] = h("b", { "data-number": name });
      parts.bar[name] = h("div", { style: `background:${color}` });
      return h("div", { style: "margin-bottom:10px" }, h("div", { style: "display:flex;justify-content:space-between" },
        h("span", {}, label), parts.number[name]), h("div", { class: "mm-bar" }, parts.bar[name]));
    };
    const numbers = h("section", { style: `width:${Math.min(250, width)}px` }, h("h4", {}, "Its loss"),
      line("near", "D(a, p)", colors.positive), line("far", "D(a, n)", colors.negative), line("margin", "margin", "var(--mm-quiet)"),
      line("loss", "loss", "var(--mm-ink)"), h("p", { class: "mm-quiet" }, "loss = max(0, D(a, p) − D(a, n) + margin)"), parts.verdict);
    const chartWide = Math.min(width, Math.max(260, Math.min(380, width - side - 250 - 48)));
    parts.chartWide = chartWide;
    row.replaceChildren(h("section", {}, h("h4", {}, "One triplet: drag the points"), parts.svg), numbers,
      h("section", { style: `width:${chartWide}px` }, h("h4", {}, "A whole batch"), parts.chart));
    update();
  }

  function arrow(from, to, color) {
    const dx = to[0] - from[0], dy = to[1] - from[1], length = Math.hypot(dx, dy);
    if (length < 1) return null;
    return h("g", { stroke: color, fill: color, "stroke-width": 5, opacity: 0.6 },
      h("line", { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }),
      h("path", { d: "M8,0L-6,-8L-6,8Z", stroke: "none", transform: `translate(${to}) rotate(${Math.atan2(dy, dx) * 180 / Math.PI})` }));
  }

  /** Where a step downhill moves each point: along the circle alone, as the length is divided out. */
  function pulls(state, found) {
    if (!found.open) return {};
    const unit = (role) => [Math.cos(state[role] * Math.PI / 180), Math.sin(state[role] * Math.PI / 180)];
    const [a, p, n] = roles.map(unit), along = ([gx, gy], [x, y]) => [gx - (gx * x + gy * y) * x, gy - (gx * x + gy * y) * y];
    return { anchor: along([2 * (p[0] - n[0]), 2 * (p[1] - n[1])], a), positive: along([2 * a[0], 2 * a[1]], p),
      negative: along([-2 * a[0], -2 * a[1]], n) };
  }

  function update() {
    if (!parts.svg) return;
    const state = ctx.state(), found = triplet(state), place = Object.fromEntries(roles.map((role) => [role, at(state[role])]));
    const go = pulls(state, found), join = (a, b, extra) => h("line", { x1: place[a][0], y1: place[a][1], x2: place[b][0], y2: place[b][1], ...extra });
    parts.back.replaceChildren(...(state.non_negative ? [h("path", { d: `M${at(0)}A${side / 2 - 52},${side / 2 - 52} 0 0 0 ${at(90)}`, fill: "none",
      stroke: "var(--mm-ink)", "stroke-width": 5 })] : []));
    parts.lines.replaceChildren(join("anchor", "positive", { stroke: colors.positive, "stroke-width": 3 }),
      join("anchor", "negative", { stroke: colors.negative, "stroke-width": 3, "stroke-dasharray": "8 6" }),
      ...roles.map((role) => go[role] && arrow(place[role], [place[role][0] + 40 * go[role][0], place[role][1] - 40 * go[role][1]], colors[role])).filter(Boolean));
    for (const role of roles) {
      handles[role].setAttribute("transform", `translate(${place[role]})`);
      handles[role].setAttribute("aria-valuenow", state[role]);
      handles[role].setAttribute("aria-valuemax", most());
      handles[role].setAttribute("aria-valuetext", `${state[role]} degrees`);
    }
    const numbers = { near: found.near, far: found.far, margin: state.margin, loss: found.loss };
    for (const [name, value] of Object.entries(numbers)) {
      parts.number[name].textContent = value.toFixed(2);
      parts.number[name].dataset.value = value;
      parts.bar[name].style.width = `${100 * value / 8.5}%`;
    }
    parts.verdict.textContent = found.open ? "The hinge is open: the triplet pulls and pushes." : "The hinge is closed: no gradient.";
    parts.verdict.className = "mm-told";
    parts.verdict.dataset.mood = found.open ? "bad" : "good";
    parts.chart.replaceChildren(...batch(state, parts.chartWide));
  }

  /** The share of active triplets of a batch at each margin. */
  function batch(state, wide) {
    const scene = ctx.scene(), gaps = scene.gaps, most = scene.most, high = 210, left = 44, right = wide - 10, low = high - 34;
    const share = (margin) => gaps.filter((gap) => margin - gap > 0).length / gaps.length;
    const spot = (margin, y) => [left + (right - left) * margin / most, low - (low - 12) * y];
    const curve = [...Array(91).keys()].map((k) => spot(k * most / 90, share(k * most / 90)).map((v) => v.toFixed(1)).join(",")).join(" ");
    const now = spot(state.margin, share(state.margin)), ticks = [0, 1, 2, 3, 4];
    return [h("p", {}, `${Math.round(100 * share(state.margin))} % of ${gaps.length} triplets are active at this margin.`),
      h("svg", { width: wide, height: high, role: "img", "aria-label": "share of active triplets against the margin" },
        [0, 0.5, 1].map((y) => h("g", {}, h("line", { x1: left, x2: right, y1: spot(0, y)[1], y2: spot(0, y)[1], stroke: "var(--mm-pale)" }),
          h("text", { x: left - 6, y: spot(0, y)[1], "text-anchor": "end", "dominant-baseline": "central" }, `${y}`))),
        ticks.map((x) => h("text", { x: spot(x, 0)[0], y: low + 18, "text-anchor": "middle" }, `${x}`)),
        h("text", { x: (left + right) / 2, y: low + 33, "text-anchor": "middle" }, "margin"),
        h("polyline", { points: curve, fill: "none", stroke: strong("#009E73"), "stroke-width": 4 }),
        h("line", { x1: now[0], x2: now[0], y1: 12, y2: low, stroke: "var(--mm-ink)", "stroke-dasharray": "6 5" }),
        h("circle", { cx: now[0], cy: now[1], r: 7, fill: strong("#D55E00"), stroke: "var(--mm-ink)" })),
      h("p", { class: "mm-quiet" }, scene.remark)];
  }

  return { element: row, draw, update, scene: update, own: roles };
}

// ------------------------------------------------------------------------------------------------------------ two maps

/** t-SNE beside PCA: a point shows its patch and its neighbours, in both. */
function map(ctx) {
  const row = h("div", { class: "mm-row" });
  let looked = null, maps = [], beside;

  function look(node) {
    looked = node;
    for (const made of maps) made.mark(node);
    const scene = ctx.scene();
    beside.replaceChildren(...(node === null ? [h("p", { class: "mm-quiet" },
      "Point at a patch of either map, or reach it with Tab and the arrow keys. Lines lead to its nearest neighbours.")] : [
      h("div", { class: "mm-row", style: "gap:8px" },
        [node, ...scene.neighbours[node]].map((id, k) => h("figure", { "data-shown": id, style: `width:${k ? 52 : 112}px` },
          h("img", { src: ctx.model.get("art")[id], alt: `patch ${id}`, style: `width:100%;image-rendering:pixelated;border-width:3px;border-color:${scene.looks[id].color}` }),
          h("figcaption", {}, k ? scene.names[id] : `patch ${id}: ${scene.names[id]}, image ${scene.images[id]}`)))),
      h("p", { class: "mm-quiet" }, scene.of_neighbours[node])]));
  }

  function cloud(title, places, side, key) {
    const scene = ctx.scene(), r = side > 400 ? 6 : 5, inner = side - 28;
    const at = places.map(([x, y]) => [14 + inner * (x + 1) / 2, 14 + inner * (1 - y) / 2]), order = scene.order;
    const points = h("g"), marked = h("g", { "pointer-events": "none" });
    const stop = looked ?? order[0];
    for (const id of order) {
      points.append(h("g", { role: "img", tabindex: id === stop ? 0 : -1, "data-node": id, "data-key": `${key} ${id}`,
        "aria-label": `Patch ${id}: ${scene.names[id]}, image ${scene.images[id]}. Nearest: ${scene.neighbours[id].map((n) => scene.names[n]).join(", ")}.`,
        pointerenter: () => look(id), pointerleave: () => look(null), blur: () => look(null),
        focus: (event) => {
          points.querySelectorAll('[tabindex="0"]').forEach((e) => e.setAttribute("tabindex", -1));
          event.currentTarget.setAttribute("tabindex", 0);
          look(id);
        },
        keydown: (event) => {
          if (event.key === "Escape") { event.currentTarget.blur(); event.preventDefault(); }
          if (!event.key.startsWith("Arrow")) return;
          const next = towards(event.key, at[id], at.entries());
          if (next !== undefined) points.querySelector(`[data-node="${next}"]`).focus();
          event.preventDefault();
        } },
      h("circle", { class: "mm-ring", cx: at[id][0], cy: at[id][1], r: r + 5 }),
      h("path", { d: marker(scene.looks[id].marker, ...at[id], r), fill: solid(scene.looks[id].color), stroke: "var(--mm-paper)", "stroke-width": 0.8 })));
    }
    const svg = h("svg", { width: side, height: side, role: "group", "aria-label": title },
      h("rect", { width: side, height: side, fill: "none", stroke: "var(--mm-pale)" }), points, marked);
    return { element: h("section", {}, h("h4", {}, title), svg), mark: (node) => marked.replaceChildren(...(node === null ? [] : [
      ...scene.neighbours[node].map((id) => h("line", { "data-neighbour": id, x1: at[node][0], y1: at[node][1], x2: at[id][0], y2: at[id][1],
        stroke: "var(--mm-ink)", "stroke-width": 1.6 })),
      ...scene.neighbours[node].map((id) => h("circle", { cx: at[id][0], cy: at[id][1], r: r + 3, fill: "none", stroke: "var(--mm-ink)", "stroke-width": 1.5 })),
      h("circle", { cx: at[node][0], cy: at[node][1], r: r + 6, fill: "none", stroke: "var(--mm-ink)", "stroke-width": 3.5 })])) };
  }

  function curve(wide) {
    const { steps, purity, chance, moment } = ctx.scene(), high = 150, left = 40, low = high - 36;
    const at = (s, v) => [left + (wide - left - 12) * s / (steps.at(-1) || 1), low - (low - 10) * v];
    const [x, y] = at(steps[moment], purity[moment]);
    return h("svg", { width: wide, height: high, role: "img", "aria-label": `kNN purity ${purity[moment].toFixed(2)} after ${steps[moment]} steps` },
      [0, 0.5, 1].map((v) => h("g", {}, h("line", { x1: left, x2: wide - 12, y1: at(0, v)[1], y2: at(0, v)[1], stroke: "var(--mm-pale)" }),
        h("text", { x: left - 6, y: at(0, v)[1], "text-anchor": "end", "dominant-baseline": "central" }, `${v}`))),
      h("line", { x1: left, x2: wide - 12, y1: at(0, chance)[1], y2: at(0, chance)[1], stroke: "var(--mm-quiet)", "stroke-dasharray": "6 5" }),
      h("polyline", { points: steps.map((s, k) => at(s, purity[k]).join(",")).join(" "), fill: "none", stroke: strong("#0072B2"), "stroke-width": 3 }),
      h("circle", { cx: x, cy: y, r: 6, fill: strong("#D55E00"), stroke: "var(--mm-ink)" }),
      h("text", { x: left, y: low + 18 }, "0"), h("text", { x: wide - 12, y: low + 18, "text-anchor": "end" }, `${steps.at(-1)}`),
      h("text", { x: (left + wide) / 2, y: low + 32, "text-anchor": "middle" }, "tuning steps"));
  }

  function draw(width) {
    const scene = ctx.scene(), three = width > 900, large = Math.min(three ? 0.42 * width : width > 620 ? 0.56 * width : width, 460);
    const small = Math.min(three ? 0.28 * width : width > 620 ? 0.4 * width : width, 310);
    maps = [cloud(`t-SNE ${scene.when}`, scene.tsne, large, "t-SNE"), cloud("PCA", scene.pca, small, "PCA")];
    const wide = Math.min(width, three ? Math.max(230, width - large - small - 52) : 340);
    beside ??= h("div", { "aria-live": "polite", style: "min-height:190px" });
    const legend = scene.legend.length ? h("div", { class: "mm-row", style: "gap:4px 14px" }, scene.legend.map((look) =>
      h("span", { style: "display:inline-flex;gap:5px;align-items:center" }, h("svg", { width: 16, height: 16, "aria-hidden": "true" },
        h("path", { d: marker(look.marker, 8, 8, 6), fill: solid(look.color) })), look.name))) : null;
    row.replaceChildren(maps[0].element, h("div", { class: "mm-row", style: "flex-direction:column" }, maps[1].element),
      h("section", { style: `width:${wide}px` }, h("h4", {}, `kNN purity ${scene.purity[scene.moment].toFixed(2)} (dashed: chance)`), curve(wide), beside),
      ...(legend ? [legend] : []));
    look(looked);
  }

  return { element: row, draw, own: ["look", "point"], update: () => {} };
}

// ---------------------------------------------------------------------------------------------------------- the stages

/** A row of stages; the chosen one with what goes in and what comes out. */
function stages(ctx) {
  const element = h("div");
  function update() { draw(element.clientWidth || 800); }
  function draw(width) {
    const all = ctx.scene().stages, now = ctx.state().stage, place = all.findIndex((stage) => stage.name === now), chosen = all[place];
    const go = (k) => ctx.set({ stage: all[(k + all.length) % all.length].name });
    const steps = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: all.length - 1 };
    const tabs = h("div", { class: "mm-row", role: "tablist", "aria-label": "stages", style: "gap:6px;align-items:center;margin-bottom:12px" },
      all.flatMap((stage, k) => [k ? h("span", { "aria-hidden": "true" }, "→") : null, h("button", { type: "button", role: "tab",
        "aria-selected": k === place, tabindex: k === place ? 0 : -1, "data-key": `stage ${k}`,
        style: "padding:8px 16px;font-size:16px", click: () => go(k),
        keydown: (event) => {
          if (!(event.key in steps)) return;
          event.preventDefault();
          go(steps[event.key]);
          element.querySelector('[role=tab][tabindex="0"]').focus();
        } }, stage.name)]));
    const side = Math.min(width > 900 ? 350 : width > 560 ? (width - 70) / 2 : width, 350);
    const picture = (words, source, name) => h("figure", { style: `width:${side}px` }, h("figcaption", {}, h("b", {}, `${name}: `), words),
      h("img", { src: ctx.model.get("art")[source], alt: words, style: "width:100%;image-rendering:pixelated;background:#ffffff" }));
    element.replaceChildren(tabs, h("div", { class: "mm-row", role: "tabpanel", "aria-live": "polite" },
      picture(chosen.goes_in, 2 * place, "in"), h("span", { class: "mm-arrow", "aria-hidden": "true" }, "→"),
      picture(chosen.comes_out, 2 * place + 1, "out"), h("section", { style: "flex:1 1 240px" }, h("h4", {}, chosen.name), h("p", {}, chosen.about))));
  }
  return { element, draw, update, scene: update, own: ["stage", "back", "next"] };
}

// ------------------------------------------------------------------------------------------------------ model and page

const FIGURES = { graph, circle, map, stages };

/** Put a live figure into a box; returns what takes it out again. */
function mount(model, box) {
  let local = { ...model.get("state") }, waiting = {}, timer = null, due = false, drawn = 0;
  const count = () => model.get("move").count ?? 0;
  const flush = () => {
    clearTimeout(timer);
    timer = null;
    if (!Object.keys(waiting).length) return;
    const values = waiting;
    waiting = {};
    push({ set: values });
  };
  const push = (move) => {
    model.set("move", { ...move, count: count() + 1 });
    model.save_changes();
  };
  const told = h("p", { class: "mm-told", role: "status", "aria-live": "polite" });
  const keepFocus = (change) => {
    const key = root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    change();
    if (key && document.activeElement?.dataset.key !== key) root.querySelector(`[data-key="${key}"]`)?.focus({ preventScroll: true });
  };
  const ctx = {
    model, told, scene: () => model.get("scene"), answer: () => model.get("answer"), state: () => local,
    tell: (text, mood = "") => { told.textContent = text; told.dataset.mood = mood; },
    send: (move) => { flush(); push(move); },
    // A drag gives many values: the picture follows at once, Python some forty times a second.
    set: (values) => {
      local = { ...local, ...values };
      waiting = { ...waiting, ...values };
      timer ??= setTimeout(flush, 25);
      keepFocus(() => { controls.update(local); figure.update(local); });
    },
  };
  const figure = FIGURES[model.get("scene").kind](ctx), controls = controlsOf(ctx, figure.own);
  const root = h("div", { class: "mm-touch", role: "group", "aria-label": model.get("name"), "data-live": "",
    // The page around has keys of its own: in JupyterLab an arrow leads to another cell.
    keydown: (event) => { if (event.key !== "Tab") event.stopPropagation(); } },
  h("style", {}, STYLE), controls.box, figure.element);
  box.querySelectorAll(":scope > img").forEach((img) => { img.hidden = true; });
  box.append(root);

  const width = () => Math.max(240, Math.min(1120, box.clientWidth || 900) - 16);
  const tell = () => ctx.tell(model.get("answer").text ?? "", model.get("answer").mood ?? "");
  const draw = () => keepFocus(() => {
    drawn = width();
    controls.update(local);
    figure.draw(drawn);
  });
  const answered = () => {
    due = false;
    // What the reader did meanwhile stays in front: Python's answer to it is on its way.
    if ((model.get("answer").count ?? 0) < count()) return;
    local = { ...model.get("state"), ...waiting };
    keepFocus(() => {
      controls.update(local);
      (figure.scene ?? (() => figure.draw(drawn)))();
    });
    tell();
  };
  const soon = () => {
    if (!due) { due = true; queueMicrotask(answered); }
  };
  model.on("change:scene", soon);
  model.on("change:answer", soon);
  const watch = new ResizeObserver(() => { if (Math.abs(width() - drawn) > 4) draw(); });
  watch.observe(box);
  draw();
  tell();
  return () => {
    clearTimeout(timer);
    watch.disconnect();
    model.off("change:scene", soon);
    model.off("change:answer", soon);
    root.remove();
    box.querySelectorAll(":scope > img").forEach((img) => { img.hidden = false; });
  };
}

/** Take the place of every picture that waits for this model, now and later. */
function initialize({ model }) {
  const live = new Map(), selector = `[data-touch="${model.get("key")}"]`;
  let pending = false;
  const look = () => {
    pending = false;
    for (const box of document.querySelectorAll(selector)) if (!live.has(box)) live.set(box, mount(model, box));
  };
  const observer = new MutationObserver(() => {
    if (!pending) { pending = true; setTimeout(look, 20); }
  });
  observer.observe(document.body, { childList: true, subtree: true });
  look();
  return () => {
    observer.disconnect();
    live.forEach((stop) => stop());
    live.clear();
  };
}

export default { initialize, render: ({ model, el }) => mount(model, el) };
