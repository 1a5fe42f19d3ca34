"use strict";
// The review: the current image, keys and buttons.

const LAYERS = { masks: "KeyM", boxes: "KeyB", whole: "KeyO", ignored: "KeyI" };
const stage = new Stage();
const list = new List((place) => { go(place); });
let goal = ""; // the image that the address names
let moved = false; // whether the reviewer has gone to another image

// Lists the images anew, and stays at the current one if it is still listed.
function relist() {
  const name = moved && current >= 0 ? entry().name : goal;
  listed = sorted([...entries.keys()].filter((rank) => wanted(entries[rank])));
  current = -1;
  list.fill(listed.length, describe);
  const place = listed.findIndex((rank) => entries[rank].name === name);
  if (listed.length) go(place >= 0 ? place : firstOpen(), true);
  else empty();
  progress();
}

function firstOpen() {
  return Math.max(0, listed.findIndex((rank) => !said(entries[rank].name).verdict));
}

function empty() {
  stage.entry = null;
  stage.clear();
  stage.picture.removeAttribute("src");
  $("caption").textContent = complete ? "no matching images" : "loading …";
  list.select(-1);
}

function go(place, quietly = false) {
  if (!listed.length) return;
  current = Math.min(Math.max(place, 0), listed.length - 1);
  const each = entry();
  if (stage.entry !== each) {
    stage.show(listed[current], each);
    $("comment").value = said(each.name).comment;
  }
  moved = moved || !quietly;
  history.replaceState(null, "", `#${encodeURIComponent(each.name)}`);
  list.select(current);
  refresh();
  if (!quietly) announce(`${each.name}, ${current + 1} of ${listed.length}, ${told(each.name)}`);
  for (const near of [current + 1, current + 2]) {
    if (near < listed.length) new Image().src = source.picture(listed[near]);
  }
}

// Shows what is said of the current image.
function refresh() {
  progress();
  if (current < 0) return;
  const each = entry();
  const { verdict, reason } = said(each.name);
  stage.frame.className = verdict || "";
  $("accept").setAttribute("aria-pressed", String(verdict === "accept"));
  $("reject").setAttribute("aria-pressed", String(verdict === "reject"));
  for (const button of $("reasons").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(verdict === "reject" && button.dataset.reason === reason));
  }
  $("caption").textContent = `${current + 1} of ${listed.length} · ${each.name} · ${each.width} × ${each.height} · ${told(each.name)}`;
  const lines = (others.get(each.name) || []).map((other) => {
    const why = [other.reason, other.comment].filter(Boolean).join(", ");
    return `${other.reviewer || "a reviewer"}: ${other.verdict}${why ? ` (${why})` : ""}`;
  });
  $("others").textContent = lines.join("; ");
  $("failures").replaceChildren(...each.failures.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
}

function progress() {
  let accepted = 0;
  let rejected = 0;
  for (const { verdict } of own.values()) {
    accepted += verdict === "accept";
    rejected += verdict === "reject";
  }
  const reading = complete ? "" : ", still loading";
  $("progress").textContent = `${accepted + rejected} of ${entries.length} judged: ${accepted} accepted, ${rejected} rejected${reading}`;
}

function agree(found) {
  $("agreement").textContent = found.map(({ reviewer, images, alike, kappa }) => {
    const number = kappa === null ? "not defined" : kappa.toFixed(2);
    return `agreement with ${reviewer}: ${alike} of ${images}, Cohen’s κ ${number}`;
  }).join("; ");
}

function announce(text) {
  $("status").textContent = text;
}

function trouble(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

// Keeps what the source answers, unless more has been said of the image since.
function noted(name, found, asked) {
  if (own.get(name) === asked || !said(name).unsaved) own.set(name, found.own);
  others.set(name, found.others);
  agree(found.agreement);
  list.draw();
  refresh();
}

async function say(change, advance) {
  if (current < 0) return;
  const { name } = entry();
  const { verdict, comment: whole, reason } = { ...said(name), ...change };
  const comment = [...whole].slice(0, facts.max_comment).join("");
  const asked = { verdict, comment, reason, unsaved: true };
  own.set(name, asked);
  moved = true;
  if (advance && current + 1 < listed.length) go(current + 1, true);
  else refresh();
  list.draw();
  announce(`${name} ${told(name)}`);
  const found = await source.say({ image: name, verdict, comment, reason }, trouble);
  if (found) noted(name, found, asked);
}

function judge(verdict, reason = null) {
  const comment = $("comment").value.trim();
  say({ verdict, reason, comment }, true);
}

function saveComment() {
  const comment = $("comment").value.trim();
  if (current >= 0 && comment !== said(entry().name).comment) say({ comment }, false);
}

async function undo() {
  const found = await source.undo(trouble);
  if (!found) return;
  if (!found.image) {
    announce("nothing to undo");
    return;
  }
  noted(found.image, found);
  const place = listed.findIndex((rank) => entries[rank].name === found.image);
  if (place >= 0) go(place, true);
  $("comment").value = current >= 0 ? said(entry().name).comment : "";
  announce(`undone: ${found.image} is ${told(found.image)}`);
}

function nextOpen() {
  const later = listed.findIndex((rank, place) => place > current && !said(entries[rank].name).verdict);
  go(later >= 0 ? later : firstOpen());
}

function layer(id) {
  $("stage").classList.toggle(`no-${id}`, !$(id).checked);
}

function option(select, value, text) {
  const node = document.createElement("option");
  node.value = value;
  node.textContent = text;
  select.append(node);
}

const KEYS = {
  KeyA: () => judge("accept"),
  KeyR: () => judge("reject"),
  KeyU: undo,
  KeyC: () => $("comment").focus(),
  KeyJ: () => go(current + 1),
  KeyK: () => go(current - 1),
  ArrowRight: () => go(current + 1),
  ArrowLeft: () => go(current - 1),
  Home: () => go(0),
  End: () => go(listed.length - 1),
  KeyN: nextOpen,
  KeyZ: () => stage.enlarge(),
};

function pressed(event) {
  if ($("help").open || event.isComposing) return;
  if (event.target === $("comment")) {
    if (event.code === "Escape" || (event.code === "Enter" && event.ctrlKey)) {
      if (event.code === "Escape") $("comment").value = said(entry().name).comment;
      $("comment").blur();
      $("list").focus({ preventScroll: true });
      event.preventDefault();
    }
    return;
  }
  if (event.ctrlKey && event.code === "KeyZ") KEYS.KeyU();
  else if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select")) return;
  else if (event.key === "?") $("help").showModal();
  else if (/^[1-9]$/.test(event.key) && facts.reasons[event.key - 1]) judge("reject", facts.reasons[event.key - 1]);
  else if (!act(event.code)) return;
  event.preventDefault();
}

function act(code) {
  const id = Object.keys(LAYERS).find((name) => LAYERS[name] === code);
  if (id) {
    $(id).checked = !$(id).checked;
    layer(id);
  } else if (KEYS[code]) KEYS[code]();
  return Boolean(id || KEYS[code]);
}

function listen() {
  document.addEventListener("keydown", pressed);
  const clicks = { accept: KEYS.KeyA, reject: KEYS.KeyR, undo: KEYS.KeyU, next: KEYS.KeyJ, previous: KEYS.KeyK };
  for (const [id, action] of Object.entries(clicks)) $(id).addEventListener("click", () => action());
  $("figure").addEventListener("dblclick", KEYS.KeyZ);
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("comment").addEventListener("change", saveComment);
  for (const id of ["state", "category", "reason", "order"]) $(id).addEventListener("change", relist);
  for (const id of Object.keys(LAYERS)) $(id).addEventListener("change", () => layer(id));
  window.addEventListener("beforeunload", (event) => { if (source.pending) event.preventDefault(); });
  $("save").hidden = !embedded;
  $("save").addEventListener("click", () => source.save());
  $("filters").open = matchMedia("(min-width: 761px)").matches;
}

function present() {
  document.title = `${facts.dataset} – review`;
  $("title").textContent = facts.reviewer ? `${facts.dataset}, reviewed by ${facts.reviewer}` : facts.dataset;
  $("comment").maxLength = facts.max_comment;
  facts.categories.forEach((name, rank) => option($("category"), String(rank), name));
  facts.reasons.forEach((reason, rank) => {
    option($("reasons-rejected"), `rejected:${reason}`, reason);
    const button = document.createElement("button");
    const key = document.createElement("kbd");
    key.textContent = rank + 1;
    button.type = "button";
    button.dataset.reason = reason;
    button.append(`${reason} `, key);
    button.addEventListener("click", () => judge("reject", reason));
    $("reasons").append(button);
  });
}

// Offers what occurs in the images that have been read.
function offer(images) {
  const known = new Set([...$("reasons-ignored").children].map((node) => node.textContent));
  const found = new Set(images.flatMap((each) => each.reasons));
  for (const reason of found) if (!known.has(reason)) option($("reasons-ignored"), `ignored:${reason}`, reason);
  if (images.some((each) => each.audit)) {
    const audit = $("order").querySelector("[value=audit]");
    audit.hidden = audit.disabled = false;
  }
}

async function read() {
  while (!complete) {
    const found = await source.images(entries.length);
    entries.push(...found.images);
    offer(found.images);
    complete = found.complete;
    if (found.error) trouble(found.error);
    if (found.images.length || complete) relist();
    const pause = found.images.length ? 1000 : 200;
    if (!complete && !found.more) await new Promise((done) => setTimeout(done, pause));
  }
}

async function begin() {
  listen();
  try {
    goal = decodeURIComponent(location.hash.slice(1));
  } catch {
    goal = "";
  }
  try {
    facts = await source.about();
    present();
    const found = await source.verdicts();
    for (const [name, verdict] of Object.entries(found.own)) own.set(name, verdict);
    for (const [name, list] of Object.entries(found.others)) others.set(name, list);
    agree(found.agreement);
    await read();
  } catch (error) {
    trouble(error instanceof TypeError ? "The server does not respond: start the review again." : error.message);
  }
}

begin();
