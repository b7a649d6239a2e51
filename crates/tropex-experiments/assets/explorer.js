"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const STEPS = 65535;
  const GRID = 96;
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const numbers = (Type, text) => new Type(bytes(text).buffer);
  const names = new Map(data.legend.map((entry) => [entry.class, entry.name]));
  const [[left, right], [low, high]] = data.window;
  const ratio = (high - low) / (right - left);

  // A cell's corners are corners[2 * starts[cell]] and following, in steps from the lower left.
  const decoded = (panel) => {
    const cells = panel.cells;
    const counts = numbers(Uint8Array, cells.counts);
    const starts = new Uint32Array(counts.length + 1);
    counts.forEach((count, cell) => { starts[cell + 1] = starts[cell] + count; });
    const found = {
      title: panel.title, all: cells.all, starts,
      corners: numbers(Uint16Array, cells.corners), classes: numbers(Uint16Array, cells.classes),
      colours: bytes(cells.colours), shares: numbers(Float32Array, cells.shares),
      maps: numbers(Float32Array, cells.maps), winners: numbers(Int32Array, cells.winners),
      boundary: numbers(Uint16Array, cells.boundary), images: new Map(cells.images), behind: null,
    };
    if (panel.behind) {
      found.behind = new Image();
      found.behind.onload = () => draw();
      found.behind.src = `data:image/png;base64,${panel.behind}`;
    }
    // Cells by the squares of a grid that they touch, so that the pointer finds its cell at once.
    found.grid = Array.from({ length: GRID * GRID }, () => []);
    for (let cell = 0; cell < counts.length; cell++) {
      let box = [GRID, -1, GRID, -1];
      for (let corner = starts[cell]; corner < starts[cell + 1]; corner++) {
        const [u, v] = [0, 1].map((axis) => Math.min(GRID - 1, Math.floor(found.corners[2 * corner + axis] / STEPS * GRID)));
        box = [Math.min(box[0], u), Math.max(box[1], u), Math.min(box[2], v), Math.max(box[3], v)];
      }
      for (let v = box[2]; v <= box[3]; v++) for (let u = box[0]; u <= box[1]; u++) found.grid[v * GRID + u].push(cell);
    }
    return found;
  };

  const cellAt = (panel, [u, v]) => {
    if (u < 0 || v < 0 || u > STEPS || v > STEPS) return -1;
    const square = [u, v].map((place) => Math.min(GRID - 1, Math.floor(place / STEPS * GRID)));
    const inside = (cell) => {
      const [first, end] = [panel.starts[cell], panel.starts[cell + 1]];
      for (let corner = first; corner < end; corner++) {
        const next = corner + 1 < end ? corner + 1 : first;
        const [a, b, c, d] = [2 * corner, 2 * corner + 1, 2 * next, 2 * next + 1].map((place) => panel.corners[place]);
        if ((c - a) * (v - b) - (d - b) * (u - a) < 0) return false;
      }
      return true;
    };
    return panel.grid[square[1] * GRID + square[0]].find(inside) ?? -1;
  };

  const panels = data.panels.map(decoded);
  let frame = panels.length - 1;
  // What is shown of the window: its lower left corner in steps, and the zoom.
  let [origin, zoom] = [[0, 0], 1];
  let [pointed, kept] = [null, false];

  const element = (name, text, parent) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  };

  const box = at("panels");
  box.replaceChildren();
  const shown = data.is_in_time ? [null] : panels.map((_, index) => index);
  const slots = shown.map((index) => {
    const section = element("section", "", box);
    section.className = "panel";
    const title = element("h2", "", section);
    const canvas = element("canvas", "", section);
    canvas.tabIndex = 0;
    const about = element("div", "", section);
    about.className = "about";
    about.setAttribute("role", "status");
    return { index, title, canvas, about };
  });
  const panelOf = (slot) => panels[slot.index ?? frame];

  const toSteps = (canvas, event) => {
    const area = canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - area.left) / area.width, 1 - (event.clientY - area.top) / area.height];
    return [origin[0] + x * STEPS / zoom, origin[1] + y * STEPS / zoom];
  };

  const paint = (slot) => {
    const panel = panelOf(slot);
    const canvas = slot.canvas;
    const density = window.devicePixelRatio || 1;
    // A panel and what it says fit on one screen.
    canvas.style.width = `${Math.max(160, Math.min(canvas.parentElement.clientWidth, 0.62 * window.innerHeight / ratio))}px`;
    const width = Math.max(1, Math.round(canvas.clientWidth * density));
    const height = Math.max(1, Math.round(width * ratio));
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const pen = canvas.getContext("2d");
    const x = (u) => (u - origin[0]) / STEPS * zoom * width;
    const y = (v) => height - (v - origin[1]) / STEPS * zoom * height;
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, width, height);
    if (panel.behind && panel.behind.complete) {
      pen.imageSmoothingEnabled = false;
      pen.drawImage(panel.behind, x(0), y(STEPS), x(STEPS) - x(0), y(0) - y(STEPS));
    }
    const trace = (cell) => {
      pen.beginPath();
      for (let corner = panel.starts[cell]; corner < panel.starts[cell + 1]; corner++) {
        pen.lineTo(x(panel.corners[2 * corner]), y(panel.corners[2 * corner + 1]));
      }
      pen.closePath();
    };
    const borders = at("borders").checked;
    const count = panel.starts.length - 1;
    pen.lineWidth = (count > 2000 ? 0.4 : 0.8) * density;
    for (let cell = 0; cell < count; cell++) {
      const [red, green, blue] = panel.colours.subarray(3 * cell, 3 * cell + 3);
      trace(cell);
      pen.fillStyle = `rgb(${red},${green},${blue})`;
      pen.fill();
      // Without borders, a line in the cell's colour closes the gaps between pixels.
      pen.strokeStyle = borders ? "rgba(26,26,26,0.45)" : pen.fillStyle;
      pen.stroke();
    }
    pen.strokeStyle = "#1a1a1a";
    pen.lineWidth = 2 * density;
    pen.beginPath();
    for (let end = 0; end < panel.boundary.length; end += 4) {
      pen.moveTo(x(panel.boundary[end]), y(panel.boundary[end + 1]));
      pen.lineTo(x(panel.boundary[end + 2]), y(panel.boundary[end + 3]));
    }
    pen.stroke();
    const chosen = pointed ? cellAt(panel, pointed) : -1;
    if (chosen >= 0) {
      trace(chosen);
      pen.lineWidth = 3 * density;
      pen.strokeStyle = "#ffffff";
      pen.stroke();
      pen.lineWidth = 1.5 * density;
      pen.strokeStyle = "#000000";
      pen.stroke();
    }
    for (const point of data.points) {
      const [u, v] = [(point.at[0] - left) / (right - left) * STEPS, (point.at[1] - low) / (high - low) * STEPS];
      pen.beginPath();
      pen.arc(x(u), y(v), (data.points.length > 100 ? 3 : 5) * density, 0, 2 * Math.PI);
      pen.fillStyle = "#ffffff";
      pen.fill();
      pen.lineWidth = 2 * density;
      pen.strokeStyle = point.colour;
      pen.stroke();
    }
    if (pointed && !kept) {
      pen.beginPath();
      pen.arc(x(pointed[0]), y(pointed[1]), 4 * density, 0, 2 * Math.PI);
      pen.strokeStyle = "#000000";
      pen.stroke();
    }
  };

  const figure = (about, png, caption) => {
    const made = element("figure", "", about);
    const image = element("img", "", made);
    image.alt = caption;
    image.src = `data:image/png;base64,${png}`;
    element("figcaption", caption, made);
  };

  const near = () => data.points.find((point) => {
    const [u, v] = [(point.at[0] - left) / (right - left) * STEPS, (point.at[1] - low) / (high - low) * STEPS];
    return Math.hypot(u - pointed[0], v - pointed[1]) * zoom < STEPS / 60;
  });

  const percent = (share) => share >= 0.001 ? `${(100 * share).toFixed(2)} %` : `${(100 * share).toExponential(1)} %`;
  const number = (value) => Number(value.toPrecision(4)).toString();

  const tell = (slot, panel, cell) => {
    const about = slot.about;
    about.replaceChildren();
    const text = element("div", "", about);
    slot.title.textContent = panel.title;
    if (!pointed) return;
    const [u, v] = [left + pointed[0] / STEPS * (right - left), low + pointed[1] / STEPS * (high - low)];
    if (cell < 0) {
      const outside = pointed.some((place) => place < 0 || place > STEPS);
      element("p", outside ? "outside of the window" : "a region too small for this page", text);
      return;
    }
    const name = names.get(panel.classes[cell]) ?? `class ${panel.classes[cell]}`;
    const [a, b, c] = panel.maps.subarray(3 * cell, 3 * cell + 3);
    element("p", `${name}, ${percent(panel.shares[cell])} of the window`, text);
    element("p", `logit = ${number(a)} u ${b < 0 ? "\u2212" : "+"} ${number(Math.abs(b))} v ${c < 0 ? "\u2212" : "+"} ${number(Math.abs(c))} = ${number(a * u + b * v + c)} here`, text);
    if (panel.winners.length) {
      const [positive, negative] = panel.winners.subarray(2 * cell, 2 * cell + 2);
      element("p", positive === negative ? `both terms of image ${positive}` : `positive term of image ${positive}, negative term of image ${negative}`, text);
    }
    element("p", `u = ${number(u)}, v = ${number(v)}`, text).className = "quiet";
    const point = near();
    if (point) {
      element("p", `point: image ${point.index}, label ${names.get(point.label) ?? point.label}`, text);
      if (point.image) figure(about, point.image, `image ${point.index}`);
    }
    const image = panel.images.get(cell);
    if (image && !(point && point.image)) figure(about, image, "coefficients");
  };

  /** Points at a place of the window, or at nothing, and says what is there. */
  const pointAt = (place) => {
    pointed = place;
    slots.forEach((slot) => {
      const panel = panelOf(slot);
      tell(slot, panel, pointed ? cellAt(panel, pointed) : -1);
    });
    draw();
  };

  const paintAll = () => slots.forEach(paint);
  let waiting = false;
  // What follows the pointer is drawn once for each frame of the screen.
  const draw = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; paintAll(); });
  };

  const zoomAt = (factor, [u, v]) => {
    const next = Math.min(200, Math.max(1, zoom * factor));
    origin = [u - (u - origin[0]) * zoom / next, v - (v - origin[1]) * zoom / next];
    zoom = next;
    inBounds();
    paintAll();
  };
  const inBounds = () => {
    origin = origin.map((place) => Math.min(STEPS - STEPS / zoom, Math.max(0, place)));
  };
  const middle = () => origin.map((place) => place + STEPS / zoom / 2);

  slots.forEach(({ canvas }) => {
    let held = null;
    canvas.addEventListener("pointerdown", (event) => {
      held = { from: [event.clientX, event.clientY], origin: [...origin], moved: false };
      try { canvas.setPointerCapture(event.pointerId); } catch { /* a pointer that is already gone */ }
    });
    canvas.addEventListener("pointermove", (event) => {
      if (held) {
        const area = canvas.getBoundingClientRect();
        const [x, y] = [event.clientX - held.from[0], event.clientY - held.from[1]];
        held.moved ||= Math.hypot(x, y) > 4;
        if (held.moved) {
          origin = [held.origin[0] - x / area.width * STEPS / zoom, held.origin[1] + y / area.height * STEPS / zoom];
          inBounds();
        }
      }
      if (kept) draw();
      else pointAt(toSteps(canvas, event));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (held && !held.moved) {
        kept = !kept;
        pointAt(toSteps(canvas, event));
      }
      held = null;
    });
    canvas.addEventListener("pointerleave", () => { if (!kept) pointAt(null); });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoomAt(event.deltaY < 0 ? 1.25 : 0.8, toSteps(canvas, event));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = STEPS / zoom / 10;
      const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
      if (moves[event.key]) origin = origin.map((place, axis) => place + moves[event.key][axis]);
      else if (event.key === "+") return zoomAt(1.25, middle());
      else if (event.key === "-") return zoomAt(0.8, middle());
      else return;
      event.preventDefault();
      inBounds();
      draw();
    });
  });

  at("larger").onclick = () => zoomAt(1.5, middle());
  at("smaller").onclick = () => zoomAt(1 / 1.5, middle());
  at("whole").onclick = () => { [origin, zoom] = [[0, 0], 1]; paintAll(); };
  at("borders").onchange = paintAll;
  at("save").onclick = () => slots.forEach(({ canvas, title }) => canvas.toBlob((blob) => {
    const link = element("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${title.textContent.replace(/\W+/g, "-")}.png`;
    link.click();
    URL.revokeObjectURL(link.href);
  }));
  if (data.is_in_time && panels.length > 1) {
    const slider = at("frame");
    [slider.max, slider.value] = [panels.length - 1, frame];
    const move = () => { frame = Number(slider.value); at("frame-title").textContent = panels[frame].title; pointAt(pointed); paintAll(); };
    slider.oninput = move;
    at("time").hidden = false;
    move();
  }
  for (const entry of data.legend) {
    const item = element("li", "", at("legend"));
    element("span", "", item).style.background = entry.colour;
    item.append(entry.name);
  }
  [at("tools").hidden, at("help").hidden] = [false, false];
  new ResizeObserver(draw).observe(box);
  pointAt(null);
  paintAll();
})();
