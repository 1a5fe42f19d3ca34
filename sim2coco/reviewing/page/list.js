"use strict";
// The list of thumbnails: only those in view are in the document, whatever their number.

class List {
  constructor(choose) {
    this.box = document.getElementById("list");
    this.cells = document.getElementById("cells");
    this.step = { x: 132, y: 112 };
    this.shown = [];
    this.current = -1;
    this.made = new Map();
    this.box.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.select(this.current)).observe(this.box);
    this.cells.addEventListener("click", (event) => {
      const cell = event.target.closest(".cell");
      if (cell) choose(Number(cell.dataset.place));
    });
  }

  // describe(place) gives { rank, src, text, label, kind } of the image at a place of the list.
  fill(number, describe) {
    this.number = number;
    this.describe = describe;
    for (const [place, cell] of [...this.made]) {
      if (place >= number || String(describe(place).rank) !== cell.dataset.rank) this.drop(place);
    }
    this.draw();
  }

  get flat() {
    return this.box.clientHeight < 2 * this.step.y;
  }

  get columns() {
    return this.flat ? this.number : Math.max(1, Math.floor(this.box.clientWidth / this.step.x));
  }

  at(place) {
    return { x: (place % this.columns) * this.step.x, y: Math.floor(place / this.columns) * this.step.y };
  }

  size() {
    const rows = Math.ceil(this.number / Math.max(this.columns, 1));
    this.cells.style.height = `${rows * this.step.y}px`;
    this.cells.style.width = this.flat ? `${this.number * this.step.x}px` : "100%";
  }

  draw() {
    if (!this.describe) return;
    this.size();
    const [from, to] = this.range();
    for (const place of [...this.made.keys()]) if (place < from || place >= to) this.drop(place);
    for (let place = from; place < to; place += 1) this.put(place);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.load(), 60);
    const active = this.made.get(this.current);
    if (active) this.box.setAttribute("aria-activedescendant", active.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  // Thumbnails that are only scrolled past are not asked for.
  load() {
    for (const [place, { firstChild: image }] of this.made) {
      if (!image.hasAttribute("src")) image.src = this.describe(place).src;
    }
  }

  drop(place) {
    const cell = this.made.get(place);
    cell.firstChild.removeAttribute("src"); // ends a request that is not answered yet
    cell.remove();
    this.made.delete(place);
  }

  // The places that are in view, with some on both sides.
  range() {
    const columns = Math.max(this.columns, 1);
    const [scrolled, seen, step, times] = this.flat
      ? [this.box.scrollLeft, this.box.clientWidth, this.step.x, 1]
      : [this.box.scrollTop, this.box.clientHeight, this.step.y, columns];
    const from = Math.max(0, Math.floor(scrolled / step) - 2) * times;
    return [from, Math.min(this.number, (Math.ceil((scrolled + seen) / step) + 2) * times)];
  }

  put(place) {
    let cell = this.made.get(place);
    if (!cell) {
      cell = document.createElement("div");
      cell.append(document.createElement("img"), document.createElement("span"));
      cell.setAttribute("role", "option");
      cell.id = `cell-${place}`;
      cell.dataset.place = place;
      cell.dataset.rank = this.describe(place).rank;
      cell.firstChild.alt = "";
      cell.firstChild.fetchPriority = "low";
      this.cells.append(cell);
      this.made.set(place, cell);
    }
    const { text, label, kind } = this.describe(place);
    const { x, y } = this.at(place);
    cell.className = `cell ${kind}`;
    cell.lastChild.textContent = text;
    cell.style.left = `${x}px`;
    cell.style.top = `${y}px`;
    cell.setAttribute("aria-label", label);
    cell.setAttribute("aria-selected", String(place === this.current));
    cell.setAttribute("aria-posinset", place + 1);
    cell.setAttribute("aria-setsize", this.number);
  }

  select(place) {
    this.current = place;
    if (place >= 0 && this.number) {
      this.size(); // the box scrolls only as far as its content reaches
      const { x, y } = this.at(place);
      const keep = (scrolled, seen, start, step) => Math.min(Math.max(scrolled, start + step - seen), start);
      if (this.flat) this.box.scrollLeft = keep(this.box.scrollLeft, this.box.clientWidth, x, this.step.x);
      else this.box.scrollTop = keep(this.box.scrollTop, this.box.clientHeight, y, this.step.y);
    }
    this.draw();
  }
}
