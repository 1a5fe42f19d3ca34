"use strict";
// Where images come from and verdicts go to: the server, or, in a page that was sent, the browser's storage.

const embedded = document.getElementById("embedded");

async function answered(response) {
  if (!response.ok) {
    const error = new Error((await response.text()).trim() || `the server returns status ${response.status}`);
    error.status = response.status;
    throw error;
  }
  return response.json();
}

// Whether the same request may succeed later: with the server, a token or a free disk.
function passing({ status }) {
  return !status || status === 403 || status >= 500;
}

class Server {
  constructor() {
    this.facts = {};
    this.pending = 0;
    this.last = Promise.resolve();
    this.stopped = false; // whether the server has been started again, perhaps with another data set
    this.refused = new Map(); // why verdicts on images, by name, cannot be saved
  }

  async about() {
    this.facts = await answered(await fetch("about"));
    return this.facts;
  }

  async images(from) {
    return answered(await fetch(`images?from=${from}`));
  }

  async verdicts() {
    return answered(await fetch("verdicts"));
  }

  async labels(rank) {
    return answered(await fetch(`labels/${rank}`));
  }

  thumbnail(rank) {
    return `thumbnail/${rank}?${this.facts.start}`;
  }

  picture(rank) {
    return `image/${rank}?${this.facts.start}`;
  }

  // Requests are sent one after the other, in the order of the keys; each waits until it is answered.
  // The result is null if the server refuses the request, and would always do so.
  post(path, content, troubled) {
    this.pending += 1;
    const what = content.image || "undo";
    const address = `${path}?start=${this.facts.start}&request=${crypto.randomUUID()}`;
    const told = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content) };
    const send = async () => {
      while (!this.stopped) {
        try {
          const found = await answered(await fetch(address, told));
          this.refused.delete(what);
          troubled(this.problem());
          return found;
        } catch (error) {
          if (!passing(error)) return this.refuse(error, what, troubled);
          const why = error.status ? error.message : "the server does not respond";
          troubled(`Not saved: ${why}. ${this.pending} waiting; this page will try again.`);
          await new Promise((done) => setTimeout(done, 1000));
        }
      }
      return null;
    };
    const result = this.last.then(send).finally(() => { this.pending -= 1; });
    this.last = result.catch(() => {});
    return result;
  }

  refuse(error, what, troubled) {
    if (error.status === 409) this.stopped = true;
    else this.refused.set(what, error.message);
    troubled(this.problem());
    return null;
  }

  problem() {
    if (this.stopped) return "Not saved: the review has been restarted. Reload this page to continue.";
    return [...this.refused].map(([what, why]) => `Not saved: ${what} (${why}).`).join(" ");
  }

  say(verdict, troubled) {
    return this.post("verdict", verdict, troubled);
  }

  undo(troubled) {
    return this.post("undo", {}, troubled);
  }
}

class Sent {
  constructor(tree) {
    this.tree = tree;
    this.key = `sim2coco-review-${tree.about.identity}`;
    this.pending = 0;
    try {
      this.lines = JSON.parse(localStorage.getItem(this.key)) || [];
    } catch {
      this.lines = [];
    }
  }

  async about() {
    return this.tree.about;
  }

  async images(from) {
    return { images: this.tree.images.slice(from), complete: true, error: "" };
  }

  async verdicts() {
    const own = {};
    for (const line of this.lines) own[line.image] = line;
    return { own, others: {}, agreement: [] };
  }

  async labels(rank) {
    return this.tree.images[rank].drawn;
  }

  thumbnail(rank) {
    return `data:image/jpeg;base64,${this.tree.images[rank].jpeg}`;
  }

  picture(rank) {
    return this.thumbnail(rank);
  }

  keep(line, troubled) {
    this.lines.push(line);
    try {
      localStorage.setItem(this.key, JSON.stringify(this.lines));
      troubled("");
    } catch {
      troubled("This browser cannot store verdicts: press “Save verdicts” before you close the page.");
    }
    return { image: line.image, own: line, others: [], agreement: [] };
  }

  async say(verdict, troubled) {
    return this.keep(verdict, troubled);
  }

  async undo(troubled) {
    const before = [];
    const own = {};
    for (const line of this.lines) {
      if (line.undo) before.pop();
      else before.push(own[line.image] || { image: line.image, verdict: null, comment: "", reason: null });
      own[line.image] = line;
    }
    return before.length ? this.keep({ ...before.pop(), undo: true }, troubled) : { image: null };
  }

  // The verdicts as lines of JSON, as the server writes them.
  save() {
    const reviewer = prompt("Your name, to be saved with the verdicts:", this.reviewer || "");
    if (!reviewer || !reviewer.trim()) return;
    this.reviewer = reviewer.trim();
    const lines = this.lines.map(({ image, verdict, comment, reason, undo }) =>
      JSON.stringify({ image, verdict, reviewer: this.reviewer, comment, reason, ...(undo ? { undo } : {}) }) + "\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
    link.download = `${this.tree.about.dataset}.verdicts.jsonl`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
}

const source = embedded ? new Sent(JSON.parse(embedded.textContent)) : new Server();
