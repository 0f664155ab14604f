// What the page shows follows what the server says: it asks for the state, draws what has changed, and sends what the
// user wants together with the version of the network that the user saw.
import { read, readText, send } from "./calls.js";
import * as parts from "./parts.js";

const at = (id) => document.getElementById(id);
const drawn = new Map();
const dark = matchMedia("(prefers-color-scheme: dark)");
let state = null;
let chosen = location.hash.startsWith("#edge-") ? location.hash.slice(6) : null;
let rivals = null;
let asked = "";
let gone = false;
let told = null;

function put(id, key, make) {
  const text = JSON.stringify(key);
  if (drawn.get(id) === text) return;
  drawn.set(id, text);
  const focused = document.activeElement?.dataset?.key;
  const inside = at(id).contains(document.activeElement);
  const made = make();
  at(id).replaceChildren(...(Array.isArray(made) ? made : [made]));
  if (focused && inside) at(id).querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function say(message) {
  if (at("problem").firstElementChild.textContent === (message ?? "") && at("problem").hidden === !message) return;
  at("problem").hidden = !message;
  at("problem").firstElementChild.textContent = message ?? "";
}

function draw() {
  const { run, formula, errors, front } = state;
  document.title = `${run.title} – kansym app`;
  at("title").textContent = run.title;
  at("about").textContent = run.about;
  const busy = state.working ?? state.measuring;
  at("status").textContent = busy ? `${busy} …` : (state.saved ?? "Ready.");
  at("status").classList.toggle("busy", Boolean(busy));
  document.body.setAttribute("aria-busy", String(Boolean(state.working)));
  if (state.problem && state.problem.number !== told) {
    told = state.problem.number;
    say(state.problem.words);
  }
  for (const [id, label] of [["undo", state.undo], ["redo", state.redo]]) {
    at(id).disabled = Boolean(state.working) || !label;
    at(id).title = label ?? "";
  }
  at("refit").disabled = Boolean(state.working);
  at("save").disabled = Boolean(state.working) || !formula || !state.steps.length;
  at("auto").hidden = !state.edges.some((edge) => edge.mode === "spline");
  at("auto").disabled = Boolean(state.working);
  for (const [id, stage] of [["formula-part", "formula"], ["front-part", "front"], ["verdict-part", "verdict"]]) {
    at(id).classList.toggle("pending", state.pending.includes(stage));
  }
  at("parent").textContent = run.parent;
  put("formula", [formula, state.missing], () => (formula ? parts.mathematics(formula) : parts.missing(state.missing)));
  at("copy-latex").hidden = !formula;
  at("remark").textContent = state.remark;
  put("constants", formula?.constants, () => parts.constants(formula?.constants ?? []));
  put("errors", errors, () => parts.errors(errors, run.unit, run.judged));
  const unknown = state.steps.length ? "Not known yet." : "The run was saved without a certificate.";
  put("verdict", [state.verdict, run.verdict, unknown], () => parts.verdict(state.verdict, run.verdict, unknown));
  put("chart", front, () => parts.chart(front, run.front));
  put("front", front, () => parts.front(front));
  put("edges", [state.edges, chosen], () => parts.edges(state.edges, chosen, choose));
  put("steps", state.steps, () => (state.steps.length
    ? state.steps.map((step) => parts.element("li", {}, step))
    : parts.element("p", { class: "muted" }, "None yet.")));
  drawEdge();
}

function drawEdge() {
  if (!chosen) return put("edge", null, () => parts.element("p", { class: "muted" }, "No edge is chosen."));
  if (!rivals || rivals.edge !== chosen) {
    return put("edge", "wait", () => parts.element("p", { class: "muted" }, "Looking for functions that fit …"));
  }
  if (rivals.error) return put("edge", rivals, () => parts.element("p", {}, rivals.error));
  put("edge", [rivals, state.edges, state.working], () => parts.rivals(rivals, state, act));
}

async function drawNetwork() {
  const key = `${state.version} ${dark.matches}`;
  if (drawn.get("network") === key) return;
  drawn.set("network", key);
  const box = at("network");
  const focused = document.activeElement?.dataset?.edge;
  const inside = box.contains(document.activeElement);
  let svg;
  try {
    svg = await readText(`/api/network.svg?theme=${dark.matches ? "dark" : "light"}`);
  } catch (error) {
    drawn.delete("network");
    throw error;
  }
  // Another one was asked for meanwhile.
  if (drawn.get("network") !== key) return;
  box.innerHTML = svg;
  const picture = box.querySelector("svg");
  // Small enough to see it all, large enough to read it; what is wider scrolls.
  picture.style.minWidth = `${0.9 * picture.dataset.width}px`;
  picture.style.maxWidth = `max(100%, ${0.9 * picture.dataset.width}px)`;
  picture.style.width = `${1.25 * picture.dataset.width}px`;
  for (const group of box.querySelectorAll("g.edge")) {
    group.addEventListener("click", () => choose(group.dataset.edge, true));
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose(group.dataset.edge, true);
    });
  }
  mark();
  if (focused && inside) box.querySelector(`g.edge[data-edge="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function mark() {
  for (const group of at("network").querySelectorAll("g.edge")) {
    group.classList.toggle("chosen", group.dataset.edge === chosen);
    group.setAttribute("aria-pressed", String(group.dataset.edge === chosen));
  }
}

function choose(edge, byHand) {
  chosen = edge;
  history.replaceState(null, "", `#edge-${edge}`);
  mark();
  draw();
  findRivals();
  if (byHand && matchMedia("(max-width: 61.99rem)").matches) {
    at("edge-part").scrollIntoView({ behavior: "instant", block: "start" });
    at("edge-head").focus({ preventScroll: true });
  }
}

async function findRivals() {
  if (!chosen || state.working) return;
  const want = `${state.version} ${chosen}`;
  if (asked === want) return;
  asked = want;
  const edge = chosen;
  let found;
  try {
    found = await read(`/api/rivals/${encodeURIComponent(edge)}`);
  } catch (error) {
    found = { edge, error: error.message };
    if (error.code === 409) asked = "";
    if (error.code === 404) {
      chosen = null;
      history.replaceState(null, "", location.pathname + location.search);
      mark();
    }
  }
  if (edge !== chosen && chosen) return;
  rivals = found;
  draw();
}

async function take(next) {
  if (!next) return;
  if (state && next.revision < state.revision) return;
  state = next;
  draw();
  await drawNetwork();
  findRivals();
}

async function refresh() {
  try {
    await take(await read(`/api/state?revision=${state?.revision ?? ""}`));
    if (gone) say(null);
    gone = false;
  } catch (error) {
    gone = true;
    say(error.message);
  }
}

async function act(action, extra = {}) {
  const order = { version: state.version, action, ...extra };
  if (["fix", "unfix", "remove"].includes(action)) order.edge = chosen;
  say(null);
  try {
    await take(await send("/api/change", order));
  } catch (error) {
    await refresh();
    say(error.message);
  }
}

async function watch() {
  await refresh();
  const busy = state?.working || state?.measuring;
  setTimeout(watch, busy ? 250 : document.hidden || gone ? 4000 : 1200);
}

at("undo").addEventListener("click", () => act("undo"));
at("redo").addEventListener("click", () => act("redo"));
at("copy-latex").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(state.formula.latex);
    at("copied").textContent = "Copied.";
  } catch {
    // Refused by the browser: to be copied by hand.
    at("copied").textContent = state.formula.latex;
  }
  setTimeout(() => (at("copied").textContent = ""), 20_000);
});
at("refit").addEventListener("click", () => act("refit"));
at("auto").addEventListener("click", () => act("auto"));
at("problem").lastElementChild.addEventListener("click", () => say(null));
dark.addEventListener("change", () => state && drawNetwork());
addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target.matches("input, select")) return;
  const key = event.key.toLowerCase();
  const action = key === "z" && !event.shiftKey ? "undo" : key === "y" || key === "z" ? "redo" : null;
  if (!action) return;
  event.preventDefault();
  if (!at(action).disabled) act(action);
});

const box = at("save-box");
at("save").addEventListener("click", () => {
  at("name").value = state.run.suggestion;
  at("save-problem").textContent = "";
  box.showModal();
  at("name").select();
});
at("cancel").addEventListener("click", () => box.close());
box.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await take(await send("/api/save", { version: state.version, name: at("name").value }));
    box.close();
  } catch (error) {
    at("save-problem").textContent = error.message;
  }
});

watch();
