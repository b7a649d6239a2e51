"use strict";
// The page is complete without this script, which adds what a reader can touch.

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function button(text, title, onClick) {
  const made = element("button", { type: "button", title }, text);
  made.addEventListener("click", onClick);
  return made;
}

// Links into closed sections open them, also in browsers that do not open them without a script.
function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target.scrollIntoView();
}

// Every section has a link to itself.
function addPermalinks() {
  for (const content of all("main details > [id]")) {
    const link = element("a", { href: `#${content.id}`, class: "permalink", title: "Link to this section" }, "#");
    content.parentElement.querySelector("summary").append(link);
  }
}

// Numbers under the pointer, in place of the browser's slow titles.
function addTips() {
  const tip = element("div", { class: "tip", role: "status" });
  tip.hidden = true;
  document.body.append(tip);
  const textOf = (target) => {
    const title = target.querySelector("title");
    if (title) {
      target.dataset.tip = title.textContent;
      target.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    return target.dataset.tip;
  };
  document.addEventListener("pointermove", (event) => {
    const target = event.target.closest?.(".hover");
    tip.hidden = !target;
    if (!target) return;
    tip.textContent = textOf(target);
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 12, room))}px`;
    tip.style.top = `${event.clientY + 16}px`;
  });
}

// A click on an entry of a legend hides its series.
function addLegends() {
  for (const drawing of all("figure svg")) {
    const groups = all("g[data-series]", drawing);
    for (const entry of groups.filter((group) => group.querySelector("text"))) {
      const series = groups.filter((group) => group !== entry && group.dataset.series === entry.dataset.series);
      const toggle = () => {
        const isHidden = entry.classList.toggle("off");
        entry.setAttribute("aria-pressed", String(!isHidden));
        for (const group of series) group.style.display = isHidden ? "none" : "";
      };
      for (const [key, value] of [["role", "button"], ["tabindex", "0"], ["aria-pressed", "true"]]) entry.setAttribute(key, value);
      entry.classList.add("entry");
      entry.addEventListener("click", toggle);
      entry.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          toggle();
        }
      });
    }
  }
}

const numberIn = (text) => {
  const number = parseFloat(text.replaceAll(",", ""));
  return Number.isNaN(number) ? null : number;
};

// A click on a heading sorts a table by its column.
function addSorting() {
  for (const table of all("table")) {
    const body = table.tBodies[0];
    if (2 > body.rows.length) continue;
    all("th", table).forEach((heading, column) => {
      const text = heading.textContent;
      const sort = button(text, "Sort by this column", () => {
        const isDown = heading.getAttribute("aria-sort") === "ascending";
        for (const other of all("th", table)) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
        const key = (row) => row.cells[column].textContent;
        const compare = (a, b) => {
          const [first, second] = [numberIn(key(a)), numberIn(key(b))];
          const order = first !== null && second !== null ? first - second : key(a).localeCompare(key(b));
          return isDown ? -order : order;
        };
        body.append(...[...body.rows].sort(compare));
      });
      heading.replaceChildren(sort);
    });
  }
}

function save(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

// The text of a drawing, as it is shown, as a file of its own that contains its name.
function svgOf(figure, name) {
  const drawing = figure.querySelector("svg").cloneNode(true);
  for (const part of all("[hidden]", drawing)) part.remove();
  const [, , width, height] = drawing.getAttribute("viewBox").split(" ");
  drawing.setAttribute("width", width);
  drawing.setAttribute("height", height);
  const style = document.createElementNS(drawing.namespaceURI, "style");
  style.textContent = document.getElementById("figure-style").textContent;
  const title = document.createElementNS(drawing.namespaceURI, "title");
  title.textContent = name;
  drawing.prepend(title, style);
  return { text: new XMLSerializer().serializeToString(drawing), width: Number(width), height: Number(height) };
}

function savePng(name, figure) {
  const { text, width, height } = svgOf(figure, name);
  const image = new Image();
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  image.addEventListener("load", () => {
    const canvas = element("canvas", { width: 3 * width, height: 3 * height });
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(document.body).backgroundColor;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(address);
    canvas.toBlob((blob) => save(name, "image/png", blob));
  });
  image.src = address;
}

// Rows of texts as a list of objects. A column of numbers has numbers, and null where one is missing.
function jsonOf([heading, ...rows]) {
  const isNumber = (text) => text === "" || Number.isFinite(Number(text));
  const isNumeric = heading.map((_, column) => rows.every((row) => isNumber(row[column])));
  const value = (text, column) => (text === "" ? null : isNumeric[column] ? Number(text) : text);
  const entry = (row) => Object.fromEntries(row.map((cell, column) => [heading[column], value(cell, column)]));
  return JSON.stringify(rows.map(entry), null, 1) + "\n";
}

// The rows of a CSV file as the page embeds it.
function rowsOf(csv) {
  const rows = [[]];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ",") rows.push([]);
  }
  return rows.filter((row) => row.length > 1 || (row[0] ?? "") !== "");
}

// Every figure and table is saved as CSV by a link, and in other formats by buttons.
function addDownloads() {
  for (const link of all(".save a")) {
    const stem = link.getAttribute("download").replace(/\.csv$/, "");
    const content = () => new TextDecoder().decode(Uint8Array.from(atob(link.href.split(",")[1]), (letter) => letter.charCodeAt(0)));
    link.after(button("JSON", "Save these numbers as JSON", () => save(`${stem}.json`, "application/json", jsonOf(rowsOf(content())))));
    link.title = "Save these numbers as CSV";
    const figure = link.closest("figure");
    if (!figure) continue;
    link.before(
      button("SVG", "Save this figure as SVG", () => save(`${stem}.svg`, "image/svg+xml", svgOf(figure, stem).text)),
      button("PNG", "Save this figure as PNG", () => savePng(`${stem}.png`, figure)));
  }
}

// Hides a column of a table.
function hideColumn(heading, isHidden) {
  const column = heading.cellIndex;
  for (const row of heading.closest("table").rows) row.cells[column].hidden = isHidden;
}

// Hides bars and curves by their names: a network, or a network and a gauge.
function hideInDrawing(drawing, isHidden) {
  for (const group of all("g[data-group]", drawing)) group.toggleAttribute("hidden", isHidden(group.dataset.group));
  for (const entry of all("g[data-series].entry", drawing)) {
    const series = all(`g[data-series="${entry.dataset.series}"]`, drawing);
    for (const group of series) group.toggleAttribute("hidden", isHidden(entry.textContent.trim()));
  }
}

// Which networks and gauges are shown, in figures and tables too.
function addChoice() {
  const place = document.getElementById("choose");
  const shown = all("[data-network]");
  const hidden = new Set();
  const isLeftOut = ({ network, gauge }) => hidden.has(`network ${network}`) || hidden.has(`gauge ${gauge}`);
  const names = new Map();
  for (const { dataset } of shown) {
    names.set(dataset.network, { network: dataset.network });
    if (dataset.gauge) names.set(`${dataset.network}, ${dataset.gauge}`, dataset);
  }
  const isHidden = (name) => names.has(name) && isLeftOut(names.get(name));
  const update = () => {
    for (const part of shown) part.tagName === "TH" ? hideColumn(part, isLeftOut(part.dataset)) : part.hidden = isLeftOut(part.dataset);
    for (const drawing of all("figure svg")) hideInDrawing(drawing, isHidden);
  };
  for (const kind of ["network", "gauge"]) {
    const values = [...new Set(shown.map((part) => part.dataset[kind]))].filter((name) => name);
    if (2 > values.length || values.length > 12) continue;
    place.append(element("fieldset", {}, element("legend", {}, kind), ...values.map((name) => {
      const box = element("input", { type: "checkbox", checked: "" });
      box.addEventListener("change", () => {
        box.checked ? hidden.delete(`${kind} ${name}`) : hidden.add(`${kind} ${name}`);
        update();
      });
      return element("label", {}, box, " ", name);
    })));
  }
}

// All sections at once.
function addOpenAll() {
  const setAll = (open) => { for (const section of all("main details")) section.open = open; };
  document.getElementById("sections").append(element("p", { class: "save" },
    button("Open all", "Open all sections", () => setAll(true)),
    button("Close all", "Close all sections", () => setAll(false))));
  addEventListener("beforeprint", () => setAll(true));
}

addTips();
addLegends();
addSorting();
addDownloads();
addChoice();
addOpenAll();
addPermalinks();
addEventListener("hashchange", openTarget);
openTarget();
