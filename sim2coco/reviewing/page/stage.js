"use strict";
// The image with its overlays.

const SVG = "http://www.w3.org/2000/svg";

function drawn(kind, attributes) {
  const node = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

class Stage {
  constructor() {
    this.figure = document.getElementById("figure");
    this.frame = document.getElementById("frame");
    this.picture = document.getElementById("picture");
    this.overlay = document.getElementById("overlay");
    this.rows = document.querySelector("#labels tbody");
    this.picture.fetchPriority = "high";
    this.enlarged = false;
    new ResizeObserver(() => this.fit()).observe(this.figure);
    this.broken = false;
    this.picture.addEventListener("error", () => { if (this.entry) this.unseen(); });
  }

  async show(rank, entry) {
    this.entry = entry;
    this.rank = rank;
    this.broken = false;
    this.clear();
    this.picture.src = source.picture(rank);
    this.picture.alt = `${entry.name}, ${entry.labels} labels`;
    this.fit();
    try {
      const found = await source.labels(rank);
      if (this.rank === rank) this.draw(found);
    } catch (error) {
      if (this.rank === rank) this.failed(error.message);
    }
  }

  clear() {
    this.overlay.replaceChildren();
    for (const name of this.frame.querySelectorAll(".name")) name.remove();
    this.rows.replaceChildren();
  }

  // Labels may arrive before or after the picture: they are not shown without it.
  unseen() {
    this.broken = true;
    this.failed("this image cannot be shown");
  }

  failed(what) {
    this.rows.replaceChildren();
    this.rows.insertRow().insertCell().textContent = what;
  }

  // As large as there is room; enlarged, at least two pixels of the screen for each of the image.
  fit() {
    if (!this.entry) return;
    const { width, height } = this.entry;
    const room = Math.min((this.figure.clientWidth - 6) / width, (this.figure.clientHeight - 6) / height);
    const scale = this.enlarged ? Math.max(2, 2 * room) : room;
    this.frame.style.width = `${width * scale + 6}px`;
    this.frame.style.height = `${height * scale + 6}px`;
    this.picture.classList.toggle("enlarged", scale > 2);
  }

  enlarge() {
    this.enlarged = !this.enlarged;
    this.fit();
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = this.figure;
    this.figure.scrollTo((scrollWidth - clientWidth) / 2, (scrollHeight - clientHeight) / 2);
  }

  draw({ scale, labels, ignored }) {
    const { width, height } = this.entry;
    this.clear();
    if (this.broken) return this.unseen();
    this.overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.overlay.setAttribute("preserveAspectRatio", "none");
    for (const label of labels) this.label(label, scale);
    for (const each of ignored || []) {
      const group = drawn("g", { class: "ignored" });
      group.append(this.rectangle(each.box, {}));
      this.overlay.append(group);
      this.name(each.box, `ignored: ${each.reason}`, "#d0d0d0", "ignored");
      this.row(each.category, "", "ignored", each.box);
    }
  }

  label(label, scale) {
    const group = drawn("g", { class: "label" });
    const paths = drawn("g", { transform: `scale(${1 / scale})` });
    if (label.whole) paths.append(drawn("path", { class: "whole", d: label.whole, stroke: label.color }));
    if (label.mask) paths.append(drawn("path", { class: "mask", d: label.mask, stroke: label.color, fill: label.color }));
    group.append(paths, this.rectangle(label.box, { stroke: label.color }));
    for (const [x, y] of label.points) {
      group.append(drawn("circle", { class: "mask", cx: x, cy: y, r: this.entry.width / 200, fill: label.color }));
    }
    this.overlay.append(group);
    const seen = label.visible === null ? "" : `${Math.round(100 * label.visible)} %`;
    this.name(label.box, label.category, label.color, "label");
    this.row(label.crowd ? `${label.category} (crowd)` : label.category, label.color, seen, label.box);
  }

  rectangle([x, y, width, height], more) {
    return drawn("rect", { class: "box", x, y, width, height, ...more });
  }

  name([x, y], text, color, kind) {
    const node = document.createElement("span");
    node.className = `name ${kind}`;
    node.setAttribute("aria-hidden", "true");
    node.textContent = text;
    node.style.left = `${(100 * Math.max(x, 0)) / this.entry.width}%`;
    node.style.top = `max(15px, ${(100 * y) / this.entry.height}%)`;
    node.style.color = color;
    this.frame.append(node);
  }

  row(category, color, seen, box) {
    const row = this.rows.insertRow();
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.background = color || "#a0a0a0";
    row.insertCell().append(swatch, category);
    row.insertCell().textContent = seen;
    row.insertCell().textContent = `${Math.round(box[2])} × ${Math.round(box[3])}`;
  }
}
