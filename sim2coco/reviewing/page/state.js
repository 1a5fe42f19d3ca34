"use strict";
// What is known of the images, what is said of them, and which of them are listed.

const $ = (id) => document.getElementById(id);
const NOTHING = { verdict: null, comment: "", reason: null };
const entries = [];
const own = new Map();
const others = new Map();
let facts = { categories: [], reasons: [], dataset: "" };
let listed = []; // places in `entries`, filtered and sorted
let current = -1; // place in `listed`
let complete = false;

function said(name) {
  return own.get(name) || NOTHING;
}

function entry() {
  return entries[listed[current]];
}

function told(name) {
  const { verdict, reason, unsaved } = said(name);
  const what = { accept: "accepted", reject: "rejected" }[verdict] || "not judged";
  return what + (reason ? `, ${reason}` : "") + (unsaved ? ", not saved yet" : "");
}

function describe(place) {
  const each = entries[listed[place]];
  const { verdict, comment } = said(each.name);
  const sign = { accept: "✓ ", reject: "✗ " }[verdict] || "";
  return {
    rank: listed[place],
    src: source.thumbnail(listed[place]),
    text: sign + (comment ? "✎ " : "") + each.name.split("/").pop(),
    label: `${each.name}, ${told(each.name)}`,
    kind: verdict || "",
  };
}

function differ(name) {
  return (others.get(name) || []).some((each) => each.verdict !== said(name).verdict);
}

function wanted(each) {
  const state = $("state").value;
  const { verdict, comment, reason } = said(each.name);
  if (state === "open" && verdict) return false;
  if ((state === "accept" || state === "reject") && verdict !== state) return false;
  if (state === "comment" && !comment) return false;
  if (state === "differ" && !differ(each.name)) return false;
  const category = $("category").value;
  if (category && !each.categories.includes(Number(category))) return false;
  const [kind, ...words] = $("reason").value.split(":");
  const chosen = words.join(":");
  if (kind === "rejected") return verdict === "reject" && reason === chosen;
  return kind !== "ignored" || each.reasons.includes(chosen);
}

function sorted(ranks) {
  const unknown = 2;
  const visible = (rank) => entries[rank].visible ?? unknown;
  const audit = (rank) => entries[rank].audit || [-1, -1];
  const order = $("order").value;
  if (order === "visible") ranks.sort((a, b) => visible(a) - visible(b) || a - b);
  if (order === "audit") {
    ranks.sort((a, b) => audit(b)[0] - audit(a)[0] || audit(b)[1] - audit(a)[1] || a - b);
  }
  return ranks;
}
