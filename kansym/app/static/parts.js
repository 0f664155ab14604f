// The parts of the page: each takes what the server says and gives elements. Text goes in as text; formulas as MathML
// that the server made.

const SVG = "http://www.w3.org/2000/svg";

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function mathematics(formula) {
  const box = element("div", { title: formula.text });
  if (formula.mathml) box.innerHTML = formula.mathml;
  else box.textContent = formula.text;
  return box;
}

export function missing(words) {
  return element("p", { class: "muted" }, words || "Not known yet.");
}

export function constants(rows) {
  if (!rows.length) return "";
  const body = rows.map((row) =>
    element("tr", {}, element("td", {}, row.name), element("td", { class: "number" }, row.value),
      element("td", {}, row.unit)));
  const table = element("table", {},
    element("thead", {}, element("tr", {}, ...heads("Constant", "Value", "Unit"))), element("tbody", {}, ...body));
  if (rows.length <= 4) return table;
  return element("details", {}, element("summary", {}, `${rows.length} constants`), table);
}

function heads(...words) {
  return words.map((word) => element("th", { scope: "col" }, word));
}

export function errors(rows, unit, judged) {
  const cell = (now, was) =>
    element("td", { class: "number" }, now, was && was !== now ? element("div", { class: "muted" }, `was ${was}`) : null);
  const body = rows.map((row) =>
    element("tr", { "data-of": row.of }, element("th", { scope: "row" }, row.of), cell(row.train, row.was?.train),
      cell(row.held_out, row.was?.held_out)));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...heads(unit ? `RMS residual (${unit})` : "RMS residual", "Training", judged))),
    element("tbody", {}, ...body));
}

export function verdict(found, was, words) {
  if (!found) return [element("p", { class: "muted" }, words)];
  const parts = [
    element("p", {}, element("span", { class: `kind ${found.kind.replaceAll(" ", "-")}` }, found.kind),
      was && was !== found.kind ? element("span", { class: "muted" }, ` (was: ${was})`) : null),
    element("p", {}, found.reason),
  ];
  for (const [head, lines, open] of [["Against", found.against, true], ["For", found.for, false]]) {
    if (!lines.length) continue;
    parts.push(element("details", { open }, element("summary", {}, `${head} (${lines.length})`),
      element("ul", {}, ...lines.map((line) => element("li", {}, line)))));
  }
  return parts;
}

export function front(formulas) {
  if (!formulas.length) return element("p", { class: "muted" }, "Not known yet.");
  const body = formulas.map((formula) =>
    element("tr", { class: formula.picked ? "picked" : null },
      element("td", { class: "number" }, String(formula.complexity), formula.picked ? " (pick)" : ""),
      element("td", { class: "number" }, formula.error), element("td", {}, mathematics(formula)),
      element("td", {}, formula.fresh ? "new" : "")));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...heads("Complexity", "Error", "Formula", ""))),
    element("tbody", {}, ...body));
}

// Error against complexity, both of the run that was opened (line) and now (dots). An error of 0 is drawn at the bottom.
export function chart(now, was) {
  const known = (points) => points.filter((point) => point.rms != null);
  const all = known([...now, ...was]);
  const positive = all.map((point) => point.rms).filter((rms) => rms > 0);
  if (all.length < 2 || !positive.length) return "";
  const exact = all.some((point) => point.rms === 0);
  const [width, height, left, bottom] = [360, 150, 56, 26];
  const [least, most] = [Math.log10(Math.min(...positive)), Math.log10(Math.max(...positive))];
  const [y0, y1] = [exact ? least - 1 : least, most];
  const [x0, x1] = [Math.min(...all.map((point) => point.complexity)), Math.max(...all.map((point) => point.complexity))];
  const x = (point) => left + ((width - left - 14) * (point.complexity - x0)) / (x1 - x0 || 1);
  const up = (power) => 10 + ((height - bottom - 18) * (y1 - power)) / (y1 - y0 || 1);
  const y = (point) => up(point.rms > 0 ? Math.log10(point.rms) : y0);
  const stairs = (points) =>
    known(points).map((point, k) => `${k ? `H${x(point)}V` : `M${x(point)} `}${y(point)}`).join("");
  const label = (at, text, anchor = "middle") => drawn("text", { x: at[0], y: at[1], "text-anchor": anchor }, text);
  const words = (power) => Number((10 ** power).toPrecision(2)).toString().replace("-", "−");
  const picture = drawn("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": "Error against complexity; the table below has the numbers." },
    drawn("line", { x1: left - 8, x2: width, y1: height - bottom, y2: height - bottom }),
    drawn("line", { x1: left - 8, x2: left - 8, y1: 0, y2: height - bottom }),
    drawn("path", { class: "was", "stroke-dasharray": "4 3", d: stairs(was) }),
    drawn("path", { class: "step", d: stairs(now) }),
    ...known(now).map((point) =>
      drawn("circle", { class: point.picked ? "pick" : "is", cx: x(point), cy: y(point), r: point.picked ? 5 : 3.5 },
        drawn("title", {}, `${point.complexity}: ${point.text}`))),
    label([left, height - 8], String(x0)), label([width - 14, height - 8], String(x1)),
    label([(width + left) / 2, height - 8], "complexity"),
    label([left - 12, up(most) + 4], words(most), "end"), label([left - 12, up(y0) + 4], exact ? "0" : words(y0), "end"));
  return [picture, element("p", { class: "muted" }, "Error over complexity. Dashed: the run that was opened. Large dot: the pick.")];
}

export function edges(rows, chosen, choose) {
  const body = rows.map((row) =>
    element("tr", { class: row.id === chosen ? "chosen" : null, "data-edge": row.id },
      element("td", {}, element("button", { type: "button", class: "link", "data-key": `list-${row.id}`,
        "aria-pressed": String(row.id === chosen), onclick: () => choose(row.id, true) }, `${row.from} → ${row.to}`)),
      element("td", {}, row.function, row.held ? `, ${row.held}` : ""),
      element("td", { class: "number" }, row.misfit), element("td", { class: "number" }, row.effect)));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...heads("Edge", "Function", "1−R²", "Effect"))),
    element("tbody", {}, ...body));
}

function line(points, frame) {
  const [[x0, x1], [y0, y1]] = frame;
  return points.map(([x, y], k) =>
    `${k ? "L" : "M"}${(2 + (96 * (x - x0)) / (x1 - x0 || 1)).toFixed(2)} ${(90 - (80 * (y - y0)) / (y1 - y0 || 1)).toFixed(2)}`)
    .join("");
}

export function curve(trained, rival, words) {
  const points = [...trained, ...rival];
  const shown = trained.length ? trained : rival;
  const range = (of, k) => [Math.min(...of.map((p) => p[k])), Math.max(...of.map((p) => p[k]))];
  const frame = [range(points, 0), range(shown, 1)];
  const room = 0.15 * (frame[1][1] - frame[1][0] || 1);
  const inside = rival.filter(([, y]) => y > frame[1][0] - room && y < frame[1][1] + room);
  return drawn("svg", { class: "curve", viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img",
    "aria-label": words },
    drawn("path", { class: "trained", d: line(trained, frame) }), drawn("path", { class: "rival", d: line(inside, frame) }));
}

export function rivals(found, state, act) {
  const idle = !state.working;
  const button = (words, key, action, extra = {}) =>
    element("button", { type: "button", disabled: !idle, "data-key": key, onclick: () => act(action, extra) }, words);
  const cards = found.rivals.map((rival) =>
    element("li", { class: rival.now ? "now" : null, "data-primitive": rival.name },
      element("span", { class: "name" }, rival.name), curve(found.trained, rival.points, `${rival.name} over the trained curve`),
      ...rival.scores.map((score) => element("span", { class: "muted" }, score)),
      rival.now ? element("span", { class: "muted" }, "In place.")
        : button(`Fix ${rival.name}`, `fix-${rival.name}`, "fix", { primitive: rival.name })));
  const pick = element("select", { id: "other", "data-key": "other", disabled: !idle },
    ...state.run.primitives.map((name) => element("option", { value: name }, name)));
  const other = element("div", { class: "row" }, element("label", { for: "other" }, "Another function"), pick,
    element("button", { type: "button", disabled: !idle, "data-key": "fix-other",
      onclick: () => act("fix", { primitive: pick.value }) }, "Fix"));
  const edge = state.edges.find((row) => row.id === found.edge);
  const hands = element("div", { class: "row" });
  if (edge?.can.unfix) hands.append(button(edge.mode === "off" ? "Bring back" : "Unfix", "unfix", "unfix"));
  if (edge?.can.remove) hands.append(button("Remove", "remove", "remove"));
  return [
    element("p", {}, element("strong", {}, `${edge.from} → ${edge.to}`), `: ${edge.function}`,
      edge.held ? `, ${edge.held}` : ""),
    edge.constants ? element("p", { class: "muted" }, `c·f(a·x + b) + d with ${edge.constants}`) : null,
    hands,
    found.note ? element("p", { class: "muted" }, found.note) : null,
    ...(found.rivals.length ? [
      element("h3", {}, "Functions that fit"),
      element("p", { class: "muted" }, "Pale: the trained curve. Dark: the function. The second number is the error of the whole network with it."),
      element("ul", { class: "rivals" }, ...cards),
    ] : []),
    edge.mode === "off" ? null : other,
  ].filter((part) => part != null);
}
