"use strict";
// The graph of rights, and the filters over it and over the tables. Without it the page still tells everything.
const rights = JSON.parse(document.getElementById("rights").textContent);
const graph = document.getElementById("graph");
const controls = document.querySelector(".filters");
const COLUMNS = [["principal", 14], ["action", 372], ["resource", 664]];
const ENDS = { principal: 268, action: 369, resource: 661 };
const WIDTH = 1180, PITCH = 19, TOP = 34;

const element = (name, attributes = {}, text = "") => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
};

const wanted = () => {
  const form = new FormData(controls);
  const words = form.get("words").toLowerCase().split(/\s+/).filter(Boolean);
  const states = form.getAll("state");
  return (one) =>
    (!form.get("pattern") || one.pattern === form.get("pattern")) &&
    (!form.get("principal") || one.principal === form.get("principal")) &&
    states.includes(one.state) &&
    words.every((word) => one.words.includes(word));
};

// Nodes of a column stand where most of what leads to them stands: fewer lines cross.
const places = (shown) => {
  const of = { principal: new Map(), action: new Map(), resource: new Map() };
  for (const one of shown) if (!of.principal.has(one.principal)) of.principal.set(one.principal, of.principal.size);
  for (const [column, before] of [["action", "principal"], ["resource", "action"]]) {
    const sums = new Map();
    for (const one of shown) {
      const [sum, number] = sums.get(one[column]) ?? [0, 0];
      sums.set(one[column], [sum + of[before].get(one[before]), number + 1]);
    }
    [...sums].sort((a, b) => a[1][0] / a[1][1] - b[1][0] / b[1][1]).forEach(([key], place) => of[column].set(key, place));
  }
  return of;
};

const draw = () => {
  const shown = rights.filter(wanted());
  const of = places(shown);
  const rows = Math.max(1, ...Object.values(of).map((column) => column.size));
  const height = TOP + rows * PITCH + 8;
  const y = (column, key) => TOP + ((of[column].get(key) + 0.5) * rows * PITCH) / of[column].size;
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": "principals, actions, resources" });
  const lines = shown.map((one) => {
    const [a, b, c] = COLUMNS.map(([column]) => y(column, one[column]));
    const d = `M 268 ${a} C 326 ${a} 314 ${b} 369 ${b} M 566 ${b} C 616 ${b} 606 ${c} 661 ${c}`;
    const path = element("path", { d, class: one.state });
    path.append(element("title", {}, `${one.principal}\n${one.action}\n${one.resource}\n${one.because}\n${one.label}`));
    return svg.appendChild(path);
  });
  const nodes = [];
  for (const [column, x] of COLUMNS) {
    svg.append(element("text", { x, y: 18, class: "head" }, `${column}s (${of[column].size})`));
    for (const key of of[column].keys()) {
      const node = element("g", { class: "node" });
      const at = y(column, key);
      const label = shown.find((one) => one[column] === key).short[column];
      const limit = column === "resource" ? 72 : column === "action" ? 27 : 35;
      node.append(element("circle", { cx: ENDS[column], cy: at, r: 2.4 }), element("rect", { x: x - 6, y: at - 9, width: 250, height: 18 }));
      node.append(element("text", { x: x + 3, y: at + 4 }, label.length > limit ? `${label.slice(0, limit - 1)}…` : label));
      node.append(element("title", {}, key));
      const mine = (one) => one[column] === key;
      node.addEventListener("mouseenter", () => light(mine));
      node.addEventListener("mouseleave", () => svg.classList.remove("lit"));
      node.addEventListener("click", () => choose(column, key));
      nodes.push([svg.appendChild(node), (one) => one[column] === key]);
    }
  }
  const light = (mine) => {
    svg.classList.add("lit");
    const lit = shown.filter(mine);
    shown.forEach((one, place) => lines[place].classList.toggle("on", mine(one)));
    for (const [node, belongs] of nodes) node.classList.toggle("on", lit.some(belongs));
  };
  graph.replaceChildren(svg);
};

const choose = (column, key) => {
  if (column === "principal") controls.elements.principal.value = controls.elements.principal.value === key ? "" : key;
  else controls.elements.words.value = controls.elements.words.value === key ? "" : key;
  apply();
};

const apply = () => {
  draw();
  const wants = wanted();
  document.querySelectorAll("tr[data-right]").forEach((row) => { row.hidden = !wants(rights[row.dataset.right]); });
  document.getElementById("shown").textContent = `${rights.filter(wants).length} of ${rights.length} rights`;
};

for (const one of rights) one.words = `${one.pattern} ${one.principal} ${one.action} ${one.resource} ${one.because}`.toLowerCase();
controls.hidden = false;
controls.addEventListener("input", apply);
controls.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
apply();
