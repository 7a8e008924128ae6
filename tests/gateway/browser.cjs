// As much of a browser as docs.js needs: opens every route, filters, and prints what was drawn.
// usage: node browser.cjs <openapi.json> <docs.js>
"use strict";
const fs = require("node:fs");
const spec = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
class Node {
  constructor(tag) { this.tagName = tag.toUpperCase(); this.childNodes = []; this.dataset = {}; this.listeners = {};
    for (const name of ["className", "id", "href", "hidden", "open", "value", "placeholder", "required", "type",
      "textContent", "title", "spellcheck", "alt", "src", "onclick"]) this[name] = ""; }
  append(...parts) { this.childNodes.push(...parts); }
  replaceChildren(...parts) { this.childNodes = parts; }
  setAttribute(name, value) { this[name] = value; }
  addEventListener(name, act) { this.listeners[name] = act; }
  matches(selector) { return selector === "details.route" && this.className === "route"; }
  scrollIntoView() {}
  get children() { return this.childNodes.filter((part) => part instanceof Node); }
  all() { return this.children.flatMap((part) => [part, ...part.all()]); }
  querySelector(selector) { return this.querySelectorAll(selector)[0] || null; }
  querySelectorAll(selector) { return this.all().filter((part) =>
    selector === ".body" ? part.className === "body" : selector === "section" ? part.tagName === "SECTION" :
    selector.startsWith("details.route") ? part.className === "route" || (selector.includes(", a") && part.tagName === "A") :
    selector.startsWith("a[data-of=") && part.dataset.of === /"(.*)"/.exec(selector)[1]); }
  text() { return this.textContent + this.childNodes.map((part) => part instanceof Node ? part.text() : String(part)).join(""); }
}
const byId = Object.fromEntries(["main", "nav", "version", "filter", "key"].map((id) => [id, new Node("div")]));
globalThis.document = { getElementById: (id) => byId[id] || byId.main.all().find((part) => part.id === id) || null,
  createElement: (tag) => new Node(tag), activeElement: { tagName: "BODY" } };
globalThis.location = { hash: "", origin: "http://x" };
globalThis.CSS = { escape: (text) => text };
globalThis.addEventListener = () => {};
globalThis.fetch = async () => ({ json: async () => spec });
(0, eval)(fs.readFileSync(process.argv[3], "utf8"));
setImmediate(() => {
  const routes = byId.main.querySelectorAll("details.route");
  for (const route of routes) { route.open = true; route.listeners.toggle(); }
  const bodies = routes.map((route) => route.text());
  const examples = byId.main.all().filter((part) => part.tagName === "TEXTAREA").map((part) => JSON.parse(part.value));
  const files = Object.fromEntries(routes.map((route) => [route.id, route.all().filter((part) => part.type === "file")
    .map((part) => part.name)]).filter(([, names]) => names.length));
  byId.filter.value = "POST keys"; byId.filter.listeners.input();
  const left = routes.filter((route) => !route.hidden).map((route) => route.id);
  console.log(JSON.stringify({ routes: routes.map((route) => route.id), bodies, examples, files, left }));
});
