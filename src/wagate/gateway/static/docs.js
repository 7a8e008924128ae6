// Draws /openapi.json: routes by tag, what they take and answer, and a form to try each. Everything that comes from
// the document or from an answer is set as text, never as HTML.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete", "head"];
const main = document.getElementById("main");
const nav = document.getElementById("nav");
let spec;

// -- building blocks

function el(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

// Prose of the document: `code` and [links](/to) are all the marks it uses.
function prose(text) {
  const parts = [];
  for (const part of (text || "").split(/(`[^`]+`|\[[^\]]+\]\([^)]+\))/)) {
    const link = /^\[([^\]]+)\]\((\/[^)]*|https:\/\/[^)]*)\)$/.exec(part);
    if (link) parts.push(el("a", { href: link[2] }, link[1]));
    else if (part.startsWith("`") && part.endsWith("`") && part.length > 2) parts.push(el("code", {}, part.slice(1, -1)));
    else parts.push(part);
  }
  return el("span", {}, ...parts);
}

function resolve(thing) {
  let found = thing || {};
  while (found.$ref) {
    found = found.$ref.slice(2).split("/").reduce((node, name) => (node || {})[name.replace(/~1/g, "/").replace(/~0/g, "~")], spec) || {};
  }
  return found;
}

// -- schemas

function variants(schema) {
  return schema.anyOf || schema.oneOf || null;
}

function nameOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  const options = variants(schema);
  if (options) return options.map(nameOf).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.type === "array") return `${nameOf(schema.items || {})}[]`;
  if (schema.allOf && schema.allOf.length === 1) return nameOf(schema.allOf[0]);
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : schema.type || "any";
  return schema.format ? `${type} (${schema.format})` : type;
}

function limits(schema) {
  const words = {
    minLength: "at least {} characters", maxLength: "at most {} characters", minimum: "≥ {}", maximum: "≤ {}",
    exclusiveMinimum: "> {}", exclusiveMaximum: "< {}", minItems: "at least {} items", maxItems: "at most {} items",
    pattern: "like {}", default: "default {}",
  };
  const sources = [schema, ...(variants(schema) || [])];
  const said = [];
  for (const source of sources) {
    for (const [name, text] of Object.entries(words)) {
      if (source[name] !== undefined && source[name] !== null) said.push(text.replace("{}", typeof source[name] === "string" ? source[name] : JSON.stringify(source[name])));
    }
  }
  return said.join(", ");
}

// The object schemas worth unfolding inside a schema, each once on the way down: documents may be recursive.
function unfoldable(schema, path) {
  if (schema.$ref) {
    const found = resolve(schema);
    if (path.includes(schema.$ref)) return [];
    return unfoldable(found, path).map((entry) => ({ ...entry, path: [...entry.path, schema.$ref] }));
  }
  const options = variants(schema) || (schema.allOf ? schema.allOf : null);
  if (options) return options.flatMap((option) => unfoldable(option, path));
  if (schema.type === "array") return unfoldable(schema.items || {}, path);
  if (schema.properties) return [{ schema, path }];
  return [];
}

function drawSchema(schema, path = []) {
  const box = el("div");
  for (const { schema: found, path: deeper } of unfoldable(schema, path)) {
    const list = el("ul", { className: "schema" });
    for (const [name, property] of Object.entries(found.properties)) {
      const required = (found.required || []).includes(name);
      const item = el("li", {}, el("code", {}, name), " ", el("span", { className: "kind" }, nameOf(property)),
        required ? el("span", { className: "required", title: "required" }, " *") : "");
      const more = [resolve(property).enum && property.$ref ? resolve(property).enum.join(", ") : "", limits(property)].filter(Boolean).join("; ");
      if (more) item.append(el("small", {}, ` ${more}`));
      const text = property.description || "";
      if (text) item.append(el("div", {}, el("small", {}, prose(text))));
      const inner = drawSchema(property, deeper);
      if (inner.childNodes.length) item.append(el("details", {}, el("summary", {}, nameOf(property)), inner));
      list.append(item);
    }
    box.append(list);
  }
  return box;
}

function example(schema, depth = 0) {
  const found = resolve(schema);
  if (found.examples && found.examples.length) return found.examples[0];
  if (found.example !== undefined) return found.example;
  if (found.default !== undefined && found.default !== null) return found.default;
  if (found.const !== undefined) return found.const;
  if (found.enum) return found.enum[0];
  const options = variants(found);
  if (options) return example(options.find((option) => resolve(option).type !== "null") || {}, depth);
  if (found.allOf) return Object.assign({}, ...found.allOf.map((part) => example(part, depth)));
  if (found.type === "array") return depth > 4 ? [] : [example(found.items || {}, depth + 1)];
  if (found.properties || found.type === "object") {
    if (depth > 4) return {};
    // A made-up value for what may be left out would only be refused.
    const needed = Object.entries(found.properties || {}).filter(([name, property]) => (found.required || []).includes(name) || (depth === 0 && (resolve(property).default ?? null) !== null));
    return Object.fromEntries(needed.map(([name, property]) => [name, example(property, depth + 1)]));
  }
  if (found.format === "date-time") return new Date(Date.now() + 3600e3).toISOString().slice(0, 19) + "Z";
  return { integer: 1, number: 1, boolean: true, null: null }[found.type] ?? (found.pattern || "string");
}

// -- one route

function drawRoute(path, method, operation, shared) {
  const id = operation.operationId;
  const parameters = [...(shared || []), ...(operation.parameters || [])].map(resolve);
  const route = el("details", { className: "route", id },
    el("summary", {},
      el("span", { className: `method ${method}` }, method.toUpperCase()),
      el("span", { className: "path" }, path),
      el("span", { className: "what" }, operation.summary || "")));
  route.dataset.words = `${method} ${path} ${operation.summary || ""} ${operation.description || ""} ${id}`.toLowerCase();
  // Drawn when it is opened: a page of a hundred forms is slow.
  route.addEventListener("toggle", () => {
    if (route.open && !route.querySelector(".body")) route.append(drawBody(path, method, operation, parameters));
  });
  return route;
}

function drawBody(path, method, operation, parameters) {
  const body = el("div", { className: "body" });
  for (const paragraph of (operation.description || "").split(/\n\s*\n/)) if (paragraph) body.append(el("p", {}, prose(paragraph)));
  const security = operation.security || [];
  const scopes = security.flatMap((one) => Object.values(one).flat());
  body.append(el("span", { className: "scope" }, security.length ? (scopes.length ? `needs a key with the scope ${[...new Set(scopes)].join(", ")}` : "needs any key") : "needs no key"));
  if (parameters.length) body.append(el("h4", {}, "Parameters"), drawParameters(parameters));
  const content = resolve(operation.requestBody).content || {};
  for (const [type, media] of Object.entries(content)) {
    body.append(el("h4", {}, `Body · ${type}`), drawSchema(media.schema || {}));
  }
  body.append(el("h4", {}, "Answers"), drawAnswers(operation.responses || {}));
  body.append(el("h4", {}, "Try it"), drawForm(path, method, parameters, content));
  return body;
}

function drawParameters(parameters) {
  const rows = parameters.map((parameter) => el("tr", {},
    el("td", {}, el("code", {}, parameter.name), parameter.required ? el("span", { className: "required", title: "required" }, " *") : "",
      el("div", { className: "kind" }, parameter.in)),
    el("td", {}, el("span", { className: "kind" }, nameOf(parameter.schema || {})), " ", el("small", {}, limits(parameter.schema || {})),
      el("div", {}, prose(parameter.description)))));
  return el("table", {}, el("tbody", {}, ...rows));
}

function drawAnswers(responses) {
  const rows = Object.entries(responses).map(([status, given]) => {
    const response = resolve(given);
    const cell = el("td", {}, prose(response.description));
    for (const [type, media] of Object.entries(response.content || {})) {
      if (type === "application/problem+json") continue;
      const drawn = drawSchema(media.schema || {});
      cell.append(el("div", {}, el("code", {}, type), " ", el("span", { className: "kind" }, nameOf(media.schema || {}))), drawn);
    }
    return el("tr", {}, el("td", { className: `status ${status < "400" ? "good" : "bad"}` }, status), cell);
  });
  return el("table", {}, el("tbody", {}, ...rows));
}

// -- trying a route

function drawForm(path, method, parameters, content) {
  const fields = parameters.map((parameter) => {
    const input = el("input", { placeholder: parameter.required ? "required" : "", required: Boolean(parameter.required) });
    return { parameter, input, label: el("label", {}, el("code", {}, parameter.name), input) };
  });
  const json = content["application/json"];
  const upload = json ? null : content["multipart/form-data"];
  const files = Object.keys(upload ? resolve(upload.schema).properties || {} : {}).map((name) => el("input", { type: "file", name, required: true }));
  const text = json ? el("textarea", { spellcheck: false, value: JSON.stringify(example(json.schema), null, 2) }) : null;
  if (text) text.setAttribute("aria-label", "Body");
  const output = el("div", { "aria-live": "polite" });
  const stop = el("button", { type: "button", hidden: true }, "Stop");
  const curl = el("button", { type: "button" }, "Copy as curl");
  const form = el("form", { className: "try" }, ...fields.map((field) => field.label),
    ...files.map((input) => el("label", {}, el("code", {}, input.name), input)), text,
    el("div", { className: "row" }, el("button", { type: "submit" }, "Send"), stop, curl), output);
  const request = () => requestOf(path, method, fields, text, files);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(request(), output, stop);
  });
  curl.addEventListener("click", () => navigator.clipboard.writeText(curlOf(request())));
  return form;
}

function requestOf(path, method, fields, text, files) {
  const headers = {};
  const key = document.getElementById("key").value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  const query = new URLSearchParams();
  let address = path;
  for (const { parameter, input } of fields) {
    if (input.value === "") continue;
    if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (parameter.in === "query") query.append(parameter.name, input.value);
    else if (parameter.in === "header") headers[parameter.name] = input.value;
  }
  let body;
  if (text) {
    headers["Content-Type"] = "application/json";
    body = text.value;
  } else if (files.length) {
    body = new FormData();
    for (const { name, files: chosen } of files) if (chosen[0]) body.append(name, chosen[0]);
  }
  return { url: address + (query.toString() ? `?${query}` : ""), method: method.toUpperCase(), headers, body };
}

async function send(request, output, stop) {
  const begun = performance.now();
  const abort = new AbortController();
  stop.hidden = false;
  stop.onclick = () => abort.abort();
  output.replaceChildren(el("p", {}, "Waiting…"));
  try {
    const { url, ...options } = request;
    const answer = await fetch(url, { ...options, signal: abort.signal, credentials: "omit", cache: "no-store" });
    const time = `${Math.round(performance.now() - begun)} ms`;
    const shown = el("pre");
    output.replaceChildren(
      el("p", {}, el("span", { className: `status ${answer.ok ? "good" : "bad"}` }, `${answer.status} ${answer.statusText}`), ` · ${time}`),
      el("details", {}, el("summary", {}, "Headers"), el("pre", {}, [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n"))),
      shown);
    await show(answer, shown);
  } catch (error) {
    if (error.name !== "AbortError") output.replaceChildren(el("p", { className: "bad" }, String(error.message || error)));
  } finally {
    stop.hidden = true;
  }
}

async function show(answer, shown) {
  const type = answer.headers.get("content-type") || "";
  if (type.startsWith("text/event-stream")) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      shown.append(part.value);
      shown.scrollTop = shown.scrollHeight;
    }
  } else if (type.includes("json")) {
    const text = await answer.text();
    try { shown.textContent = JSON.stringify(JSON.parse(text), null, 2); } catch { shown.textContent = text; }
  } else if (type.startsWith("image/")) {
    shown.append(el("img", { alt: "the answer", src: await dataUrl(await answer.blob()) }));
  } else if (type.startsWith("text/")) shown.textContent = await answer.text();
  else shown.textContent = `${(await answer.blob()).size} bytes of ${type || "nothing"}`;
}

function dataUrl(blob) {
  return new Promise((resolved) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolved(reader.result));
    reader.readAsDataURL(blob);
  });
}

function curlOf({ url, method, headers, body }) {
  const quote = (text) => `'${String(text).replace(/'/g, "'\\''")}'`;
  const parts = ["curl", "-X", method, quote(location.origin + url)];
  for (const [name, value] of Object.entries(headers)) parts.push("-H", quote(`${name}: ${name === "Authorization" ? "Bearer $WAGATE_KEY" : value}`).replace(/^'(Authorization: Bearer \$WAGATE_KEY)'$/, '"$1"'));
  if (body instanceof FormData) for (const [name, file] of body) parts.push("-F", quote(`${name}=@${file.name}`));
  else if (body !== undefined) parts.push("-d", quote(body));
  return parts.join(" ");
}

// -- the page

function draw() {
  document.getElementById("version").textContent = spec.info.version;
  const groups = new Map((spec.tags || []).map((tag) => [tag.name, { description: tag.description, routes: [] }]));
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of METHODS) {
      if (!item[method]) continue;
      const tag = (item[method].tags || ["other"])[0];
      if (!groups.has(tag)) groups.set(tag, { routes: [] });
      groups.get(tag).routes.push({ path, method, operation: item[method], shared: item.parameters });
    }
  }
  main.replaceChildren(el("p", {}, prose(spec.info.description)));
  nav.replaceChildren();
  for (const [name, { description, routes }] of groups) {
    if (!routes.length) continue;
    const section = el("section", {}, el("h2", {}, name), description ? el("p", {}, prose(description)) : "");
    const links = el("div", {}, el("h3", {}, name));
    for (const { path, method, operation, shared } of routes) {
      section.append(drawRoute(path, method, operation, shared));
      const link = el("a", { href: `#${operation.operationId}` }, el("span", { className: `method ${method}` }, method.toUpperCase()), el("span", { className: "path" }, path));
      link.dataset.of = operation.operationId;
      links.append(link);
    }
    main.append(section);
    nav.append(links);
  }
  openTarget();
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.matches("details.route")) {
    target.open = true;
    target.scrollIntoView();
  }
}

function filter(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  for (const route of main.querySelectorAll("details.route")) {
    const hidden = !wanted.every((word) => route.dataset.words.includes(word));
    route.hidden = hidden;
    const link = nav.querySelector(`a[data-of="${CSS.escape(route.id)}"]`);
    if (link) link.hidden = hidden;
  }
  for (const group of [...main.querySelectorAll("section"), ...nav.children]) {
    group.hidden = ![...group.querySelectorAll("details.route, a")].some((entry) => !entry.hidden && (entry.dataset.words || entry.dataset.of));
  }
}

const search = document.getElementById("filter");
search.addEventListener("input", () => filter(search.value));
addEventListener("hashchange", openTarget);
addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    search.focus();
  }
});
fetch("/openapi.json").then((answer) => answer.json()).then((document) => { spec = document; draw(); },
  (error) => main.replaceChildren(el("p", { className: "bad" }, `The document can't be loaded: ${error.message}`)));
