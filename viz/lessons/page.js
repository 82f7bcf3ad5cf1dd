// The step page: which step is shown, and what the graph and the table show at it. Plain JavaScript, no requests.
// Data comes as JSON in the page (see page.py) and is only ever written as text, never as markup.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const steps = data.steps;
  const byId = (id) => document.getElementById(id);
  const box = (id) => byId(data.prefix + id);
  const graph = byId("graph"), slider = byId("slider"), root = document.documentElement;
  let now = 0, revealed = true, timer = 0;

  const sections = steps.map((_, i) => byId(`s${i}`));
  const predicting = () => byId("predict").getAttribute("aria-pressed") === "true";
  const asking = () => predicting() && !revealed && steps[now].answer;

  // Values and gradients as they stand: the changes of all steps up to here, without the one still to be predicted.
  function texts() {
    const shown = {};
    for (const id of data.boxes) shown[id] = { value: "–", grad: "–" };
    steps.slice(0, asking() ? now : now + 1).forEach((step) => {
      for (const [id, change] of Object.entries(step.changes)) Object.assign(shown[id], change);
    });
    return shown;
  }

  function drawTexts() {
    for (const [id, shown] of Object.entries(texts())) {
      const node = box(id), row = byId(`row-${id}`);
      const value = node.querySelector("text.value"), grad = node.querySelector("text.grad");
      if (value) { value.textContent = shown.value; value.classList.toggle("empty", shown.value === "–"); }
      if (grad) {
        grad.textContent = `grad ${shown.grad}`;
        grad.classList.toggle("empty", shown.grad === "–");
      }
      node.classList.toggle("waiting", shown.value === "–");
      for (const [name, text] of [["value", shown.value], ["gradient", row.dataset.kind === "fixed" ? "none" : shown.grad]]) {
        const cell = row.querySelector(`.${name}`);
        cell.textContent = text.replace(/^.*norm /, "");
        cell.classList.toggle("empty", text === "–" || text === "none");
        cell.classList.toggle("list", text.startsWith("["));
      }
    }
  }

  function drawArrows() {
    const step = steps[now], backward = step.phase !== "forward";
    const passed = new Set();
    steps.slice(0, now).forEach((s) => { if (s.phase === "backward") s.arrows.forEach((id) => passed.add(id)); });
    for (const id of data.arrows) {
      const edge = box(id), path = edge.querySelector("path");
      const inUse = step.arrows.includes(id), isPassed = backward && !inUse && passed.has(id);
      const turned = isPassed || (inUse && backward);
      edge.classList.toggle("now", inUse);
      edge.classList.toggle("passed", isPassed);
      edge.classList.toggle("back", turned);
      path.setAttribute("d", turned ? path.dataset.back : path.dataset.ahead);
    }
  }

  function drawChips() {
    graph.querySelectorAll(".chip").forEach((chip) => chip.remove());
    const make = (tag, attributes, parent) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      parent.appendChild(element);
      return element;
    };
    for (const chip of steps[now].chips) {
      const group = make("g", { class: "chip" }, graph.querySelector("svg"));
      make("rect", { x: chip.x - chip.w / 2, y: chip.y - chip.h / 2, width: chip.w, height: chip.h, rx: 5 }, group);
      chip.lines.forEach((line, i) => {
        const last = i === chip.lines.length - 1;
        const y = chip.y - chip.h / 2 + 13 * (i + 0.95);
        const text = make("text", { x: chip.x, y, "text-anchor": "middle", "font-size": data.chip, class: last ? "what" : "" }, group);
        text.textContent = last && asking() ? "?" : line;
      });
    }
  }

  function center() {
    const step = steps[now];
    const shown = [...step.active, ...step.targets].map((id) => box(id).getBoundingClientRect());
    if (!shown.length || graph.classList.contains("fit")) return;
    const at = graph.getBoundingClientRect();
    // The middle of all that the step is about; where that is too much, its first box: of the inputs, the upper left.
    const offset = (low, high, room) => {
      const first = Math.min(...shown.map((r) => r[low])), last = Math.max(...shown.map((r) => r[high]));
      if (last - first <= room) return (first + last - room) / 2;
      return now ? (shown[0][low] + shown[0][high] - room) / 2 : first - 16;
    };
    graph.scrollTo({
      left: graph.scrollLeft + offset("left", "right", at.width) - at.left,
      top: graph.scrollTop + offset("top", "bottom", at.height) - at.top,
    });
  }

  // On a large screen, a projector, the graph grows with the text; it shrinks as far as it can be read to fit its width.
  function zoom() {
    const full = Math.min(1.8, Math.max(1, innerWidth / 1400)), svg = graph.querySelector("svg");
    const fitting = (graph.clientWidth - 16) / data.width, factor = fitting < full * 0.75 ? full : Math.min(full, fitting);
    svg.style.width = `${data.width * factor}px`;
    svg.style.height = `${data.height * factor}px`;
    svg.style.maxWidth = `${data.width * Math.max(full * 1.3, factor)}px`; // a small graph is not blown up to fit
    const height = Math.max(170, data.height * factor + 28);
    document.body.style.setProperty("--graph", `${Math.min(height, Math.max(innerHeight * 0.4, 230))}px`);
  }

  function draw() {
    const step = steps[now];
    sections.forEach((section, i) => { section.hidden = i !== now; });
    sections[now].classList.toggle("asking", asking());
    graph.classList.toggle("backward", step.phase !== "forward");
    document.body.classList.toggle("backward", step.phase !== "forward");
    for (const id of data.boxes) {
      for (const element of [box(id), byId(`row-${id}`)]) {
        element.classList.toggle("active", step.active.includes(id));
        element.classList.toggle("target", step.targets.includes(id) && !step.active.includes(id));
      }
    }
    drawTexts();
    drawArrows();
    drawChips();
    slider.value = now;
    slider.setAttribute("aria-valuetext", `step ${now + 1} of ${steps.length}: ${step.title}`);
    byId("where").textContent = `step ${now + 1} of ${steps.length}`;
    for (const id of ["first", "back"]) byId(id).disabled = now === 0;
    for (const id of ["next", "last"]) byId(id).disabled = now === steps.length - 1 && !asking();
    byId("steps").scrollTop = 0;
    const row = byId("tensors").querySelector("tr.active"), table = byId("tensors");
    if (row && table.scrollHeight > table.clientHeight) {
      table.scrollTop = row.offsetTop - table.clientHeight / 2;
    }
    center();
  }

  function go(to, shown = false) {
    now = Math.max(0, Math.min(steps.length - 1, to));
    revealed = shown;
    draw();
  }
  function reveal() { revealed = true; draw(); }
  function next() {
    if (asking()) reveal(); else go(now + 1);
    if (now === steps.length - 1 && !asking()) play(false);
  }
  function play(on) {
    clearInterval(timer);
    timer = on ? setInterval(next, data.pause) : 0;
    byId("play").textContent = on ? "Pause" : "Play";
  }

  byId("first").onclick = () => go(0);
  byId("back").onclick = () => go(now - 1, true);
  byId("next").onclick = next;
  byId("last").onclick = () => go(steps.length - 1);
  byId("play").onclick = () => {
    if (!timer && now === steps.length - 1) go(0);
    play(!timer);
  };
  slider.oninput = () => { play(false); go(Number(slider.value)); };
  document.querySelectorAll(".reveal").forEach((button) => { button.onclick = () => { reveal(); byId("next").focus(); }; });
  byId("predict").onclick = () => {
    byId("predict").setAttribute("aria-pressed", String(!predicting()));
    revealed = false;
    draw();
  };
  byId("fit").onclick = () => {
    byId("fit").setAttribute("aria-pressed", String(graph.classList.toggle("fit")));
    center();
  };
  byId("theme").onclick = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };
  byId("still").onclick = async () => {
    const packed = Uint8Array.from(atob(data.stills), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    const stills = JSON.parse(await new Response(stream).text());
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([stills[now]], { type: "image/svg+xml" }));
    link.download = `step-${now + 1}.svg`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target === slider) return;
    const keys = { ArrowRight: next, ArrowLeft: () => go(now - 1, true), Home: () => go(0), End: () => go(steps.length - 1) };
    if (!keys[event.key]) return;
    event.preventDefault();
    play(false);
    keys[event.key]();
  });
  zoom();
  // A graph that is too wide to read when it is made to fit is scrolled to the step instead.
  const wide = data.width > graph.clientWidth * 1.2 || data.height > graph.clientHeight * 1.35;
  if (!wide) byId("fit").click();
  addEventListener("resize", () => { zoom(); center(); });
  const asked = Number(location.hash.slice(1));
  go(Number.isInteger(asked) && asked > 0 ? asked - 1 : 0);
})();
