// The phones, drawn from a stream of changes. Text is only ever inserted as text.
"use strict";

const $ = (id) => document.getElementById(id);
const phones = new Map(); // chat id -> {card, log, tab, messages: Map(id -> {data, node}), unread}
const narrow = window.matchMedia("(max-width: 62rem)");
const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", spoiler: "span",
};
let about = null;
let clock = { at: 0, seen: 0, speed: 0 };
let shapes = {};

// -- small things -------------------------------------------------------------------------------------------------

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

async function post(what, body) {
  try {
    const answer = await fetch(`/demo/${what}`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
    const found = await answer.json();
    if (!answer.ok) say(found.error);
    return found;
  } catch {
    say("The demo does not answer. Is it still running in the terminal?");
    return {};
  }
}

function say(words) {
  $("said").textContent = words || "";
}

// -- the clock ----------------------------------------------------------------------------------------------------

function showTime() {
  if (!clock.at || !shapes.time) return;
  const now = clock.at + (performance.now() - clock.seen) * clock.speed;
  $("time").textContent = shapes.time.format(now);
  $("date").textContent = shapes.date.format(now);
}

function onClock(found) {
  clock = { at: Date.parse(found.now), seen: performance.now(), speed: found.speed };
  showTime();
}

function onAbout(found) {
  about = found;
  const zoned = (more) => new Intl.DateTimeFormat("en-GB", { timeZone: about.zone, ...more });
  shapes = {
    time: zoned({ hour: "2-digit", minute: "2-digit" }),
    date: zoned({ weekday: "long", day: "numeric", month: "long" }),
    day: zoned({ weekday: "short", day: "numeric", month: "long" }),
  };
  $("steps").replaceChildren(...about.buttons.map(stepButton));
  showGuide();
  phones.clear();
  $("phones").replaceChildren(...about.phones.map(makePhone));
  $("tabs").replaceChildren(...[...phones.values()].map((phone) => phone.tab));
  panels();
  choose(about.phones[0]?.id, false);
  showTime();
}

// Where there is little room one step shows at a time; which one is for the reader to say.
function showGuide() {
  $("guide").hidden = !about.try.length && !about.intro;
  $("intro").textContent = about.intro;
  $("try").replaceChildren(...about.try.map((words, place) => {
    const step = make("li", { textContent: words });
    step.dataset.n = String(place + 1);
    return step;
  }));
  turnTo(0);
}

function turnTo(place) {
  const steps = [...$("try").children];
  steps.forEach((step, other) => step.classList.toggle("here", other === place));
  const buttons = { earlier: place - 1, further: place + 1 };
  for (const [id, to] of Object.entries(buttons)) {
    $(id).disabled = !steps[to];
    $(id).onclick = () => turnTo(to);
  }
}

function stepButton({ key, label }) {
  const button = make("button", { type: "button", textContent: label });
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    const { said, error } = await post("clock", { key });
    button.removeAttribute("aria-disabled");
    if (!error) say(said || "");
  });
  return button;
}

// -- phones and tabs ----------------------------------------------------------------------------------------------

function makePhone({ id, name, role, about: line }) {
  const card = $("phone").content.firstElementChild.cloneNode(true);
  const find = (what) => card.querySelector(what);
  const log = find(".log");
  const phone = { id, name, card, log, messages: new Map(), unread: 0, leftAt: NaN, blocked: false, first: true };
  Object.assign(card, { id: `phone-${id}` });
  card.dataset.role = role.toLowerCase();
  find(".face").textContent = name.slice(0, 1);
  find("h2").replaceChildren(name, make("span", { className: "hidden", textContent: ", " }), make("span", { className: "role", textContent: role }));
  find("h2").id = `name-${id}`;
  find(".about").textContent = line;
  log.setAttribute("aria-label", `Chat on ${name}'s phone`);
  find(".write .hidden").textContent = `Message from ${name}`;
  phone.sticker = find(".sticker");
  phone.sticker.title = "Send a sticker";
  phone.sticker.setAttribute("aria-label", `Send a sticker from ${name}'s phone`);
  phone.sticker.addEventListener("click", () => post("sticker", { phone: id }));
  phone.block = find(".block");
  phone.block.addEventListener("click", () => post("block", { phone: id, blocked: !phone.blocked }));
  phone.field = find("input");
  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    send(phone);
  });
  phone.newer = find(".newer");
  phone.newer.addEventListener("click", () => toEnd(phone));
  log.addEventListener("scroll", () => { if (atEnd(log)) phone.newer.hidden = true; }, { passive: true });
  phone.toast = find(".toast");
  phone.tab = makeTab(phone, role);
  phones.set(id, phone);
  return card;
}

function makeTab(phone, role) {
  const tab = make("button", { type: "button", id: `tab-${phone.id}` },
    make("span", { textContent: phone.name }), make("span", { className: "role", textContent: role }),
    make("span", { className: "badge", hidden: true }));
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", `phone-${phone.id}`);
  tab.addEventListener("click", () => choose(phone.id, false));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const ids = [...phones.keys()];
    choose(ids[(ids.indexOf(phone.id) + step + ids.length) % ids.length], true);
  });
  return tab;
}

// Only where one phone shows at a time are they panels of tabs.
function panels() {
  for (const { card, id } of phones.values()) {
    card.setAttribute("aria-labelledby", narrow.matches ? `tab-${id}` : `name-${id}`);
    if (narrow.matches) card.setAttribute("role", "tabpanel");
    else card.removeAttribute("role");
  }
}

function choose(id, focus) {
  for (const phone of phones.values()) {
    const chosen = phone.id === id;
    phone.card.classList.toggle("chosen", chosen);
    phone.tab.setAttribute("aria-selected", String(chosen));
    phone.tab.tabIndex = chosen ? 0 : -1;
    if (!chosen) continue;
    unread(phone, 0);
    toNewest(phone, phone.unseen);
    if (focus) phone.tab.focus();
  }
}

function unread(phone, count) {
  phone.unread = count;
  const badge = phone.tab.querySelector(".badge");
  badge.hidden = count === 0;
  badge.replaceChildren(String(count), make("span", { className: "hidden", textContent: " new" }));
}

function send(phone) {
  const text = phone.field.value.trim();
  if (!text || phone.blocked) return;
  phone.field.value = "";
  post("say", { phone: phone.id, text });
}

// -- what stands in a chat ----------------------------------------------------------------------------------------

function onChat({ phone: id, blocked, messages, gone }) {
  const phone = phones.get(id);
  if (!phone) return;
  const follow = atEnd(phone.log) || untouched(phone), before = phone.messages.size ? Math.max(...phone.messages.keys()) : 0;
  for (const number of gone) {
    phone.messages.get(number)?.node.remove();
    phone.messages.delete(number);
  }
  for (const data of messages) place(phone, data);
  daysAndStart(phone);
  showBlocked(phone, blocked);
  const news = messages.filter((data) => data.bot && !data.silent && data.id > before).length; // an edit never rings
  if (news && !phone.first && narrow.matches && !phone.card.classList.contains("chosen")) unread(phone, phone.unread + news);
  const newest = messages.filter((data) => data.bot && data.id > before).at(-1)?.id;
  if (follow || phone.first || messages.some((data) => !data.bot)) toNewest(phone, newest);
  else if (messages.length) showNewer(phone, "New below");
  phone.first = false;
}

function place(phone, data) {
  const old = phone.messages.get(data.id);
  const held = old && old.node.contains(document.activeElement) && document.activeElement.tagName === "BUTTON";
  const node = drawMessage(phone, data);
  phone.messages.set(data.id, { data, node });
  if (!old) {
    const later = [...phone.messages.values()].filter((other) => other.data.id > data.id).map((other) => other.node);
    phone.log.insertBefore(node, later[0] || null);
    if (!phone.first) node.classList.add("fresh");
    return;
  }
  old.node.replaceWith(node);
  node.classList.add("fresh");
  if (held) node.focus({ preventScroll: true }); // the message, not a button: a key pressed twice must not answer the next question
}

function drawMessage(phone, data) {
  const bubble = make("div", { className: "bubble" });
  if (data.kind === "photo") bubble.append(picture(phone, data));
  else if (data.kind !== "text") bubble.append(attachment(phone, data));
  const text = shownText(data);
  if (text) bubble.append(make("div", { className: "text" }, ...dress(text, data.entities, 0, text.length)));
  bubble.append(marks(data));
  const node = make("article", { className: data.bot ? "message bot" : "message own" }, bubble);
  node.tabIndex = -1;
  node.setAttribute("aria-label", `${data.bot ? about.bot : phone.name}, ${shapes.time.format(Date.parse(data.at))}`);
  if (data.buttons.length) node.append(drawKeys(phone, data));
  return node;
}

// Telegram hides the code of an invitation from whoever opened it.
function shownText(data) {
  return !data.bot && data.text.startsWith("/start ") ? "/start" : data.text;
}

function marks(data) {
  const line = make("p", { className: "marks" });
  if (data.silent) {
    line.append(make("span", { className: "quiet", title: "Arrived without a sound" }, make("span", { className: "hidden", textContent: "without a sound" })));
  }
  if (data.edited) line.append(make("span", { textContent: "edited" }));
  line.append(make("time", { dateTime: data.at, textContent: shapes.time.format(Date.parse(data.at)) }));
  return line;
}

function picture(phone, data) {
  const alt = data.text ? "Chart. The text below it says the same." : "Picture";
  const image = make("img", { src: `/demo/file/${phone.id}/${data.id}?${data.revision}`, alt, width: 1000, height: 660 });
  image.addEventListener("load", () => {
    Object.assign(image, { width: image.naturalWidth, height: image.naturalHeight });
    if (phone.newer.hidden) toEnd(phone);
  });
  return image;
}

function attachment(phone, data) {
  if (data.kind === "sticker") return make("p", { className: "big", textContent: "☺", role: "img", ariaLabel: "Sticker" });
  const address = `/demo/file/${phone.id}/${data.id}?${data.revision}`;
  return make("p", {}, make("a", { href: address, download: data.file, textContent: data.file || data.kind }));
}

// What is read out when a message arrives are its words; the buttons are found below them.
function drawKeys(phone, data) {
  const keys = make("div", { className: "keys" }, ...data.buttons.map((row) => drawRow(phone, data, row)));
  keys.setAttribute("aria-live", "off");
  return keys;
}

function drawRow(phone, data, row) {
  return make("div", { className: "row" }, ...row.map((key) => {
    const button = make("button", { type: "button", textContent: key.text });
    button.addEventListener("click", () => key.url ? follow(key.url) : post("tap", { phone: phone.id, message: data.id, data: key.data }));
    return button;
  }));
}

// Text with its entities, which may stand inside each other; offsets are UTF-16 units, as in JavaScript itself.
function dress(text, entities, start, end) {
  const nodes = [];
  let at = start;
  const outer = entities.filter((entity, place) =>
    entity.offset >= start && entity.offset + entity.length <= end &&
    !entities.some((other, elsewhere) => elsewhere < place && other.offset >= start && other.offset + other.length <= end &&
      other.offset <= entity.offset && other.offset + other.length >= entity.offset + entity.length));
  for (const entity of outer) {
    if (entity.offset < at) continue;
    nodes.push(...plain(text.slice(at, entity.offset)));
    const stop = entity.offset + entity.length;
    nodes.push(wrap(entity, dress(text, entities.filter((other) => other !== entity), entity.offset, stop)));
    at = stop;
  }
  nodes.push(...plain(text.slice(at, end)));
  return nodes;
}

function wrap(entity, children) {
  if (entity.type === "text_link") return link(entity.url, children);
  const node = make(TAGS[entity.type] || "span", {}, ...children);
  if (entity.type === "spoiler") node.className = "spoiler";
  return node;
}

function plain(text) {
  return text.split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)])/).map((part, place) => place % 2 ? link(part, [part]) : part);
}

function link(url, children) {
  if (startCode(url) !== null) {
    const button = make("button", { type: "button", className: "link" }, ...children);
    button.addEventListener("click", () => follow(url));
    return button;
  }
  if (!/^https?:/.test(url)) return make("span", {}, ...children);
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

function startCode(url) {
  const found = /^https:\/\/t\.me\/(\w+)\?start=([\w-]+)$/.exec(url);
  return found && found[1] === about.username ? found[2] : null;
}

// An invitation is opened on a phone of this page; any other address in a tab of its own.
function follow(url) {
  const code = startCode(url);
  if (code === null) {
    if (/^https?:/.test(url)) window.open(url, "_blank", "noopener");
    return;
  }
  const box = $("open-on");
  box.querySelector(".choices").replaceChildren(...[...phones.values()].map((phone) => {
    const button = make("button", { type: "button", textContent: phone.name });
    button.addEventListener("click", () => {
      box.close();
      choose(phone.id, false);
      post("start", { phone: phone.id, code });
    });
    return button;
  }));
  box.showModal();
}

function daysAndStart(phone) {
  for (const node of phone.log.querySelectorAll(".day, .empty")) node.remove();
  let day = "";
  for (const { data, node } of [...phone.messages.values()].sort((a, b) => a.data.id - b.data.id)) {
    const words = shapes.day.format(Date.parse(data.at));
    if (words !== day) phone.log.insertBefore(make("p", { className: "day", textContent: words }), node);
    day = words;
  }
  if (phone.messages.size) return;
  const start = make("button", { type: "button", textContent: "Start" });
  start.addEventListener("click", () => post("start", { phone: phone.id }));
  phone.log.append(make("div", { className: "empty" }, make("p", { textContent: "Nothing here yet." }), start));
}

function showBlocked(phone, blocked) {
  phone.blocked = blocked;
  phone.card.classList.toggle("blocked", blocked);
  phone.block.textContent = blocked ? "Unblock" : "Block";
  phone.block.setAttribute("aria-label", `${blocked ? "Unblock" : "Block"} the bot on ${phone.name}'s phone`);
  phone.field.disabled = phone.sticker.disabled = blocked;
  phone.field.placeholder = blocked ? `${phone.name} has blocked the bot` : "Message";
  phone.card.querySelector(".write [type=submit]").disabled = blocked;
}

function atEnd(log, within = 90) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < within;
}

function toEnd(phone) {
  phone.newer.hidden = true;
  phone.leftAt = NaN;
  phone.log.scrollTop = phone.log.scrollHeight;
}

// What is taller than the phone is shown from its first line on, as Telegram does; else the end of the chat.
function toNewest(phone, id) {
  const node = phone.messages.get(id)?.node, hidden = phone.log.clientHeight === 0;
  phone.unseen = hidden ? id ?? phone.unseen : undefined;
  toEnd(phone);
  if (!node || hidden || node.offsetHeight < phone.log.clientHeight) return;
  phone.log.scrollTop = node.offsetTop - 12;
  phone.leftAt = phone.log.scrollTop;
  showNewer(phone, "More below");
}

// Nobody has scrolled since the page itself did.
function untouched(phone) {
  return Math.abs(phone.log.scrollTop - phone.leftAt) < 2;
}

function showNewer(phone, words) {
  phone.newer.textContent = words;
  phone.newer.hidden = false;
}

function onToast({ phone: id, text }) {
  const phone = phones.get(id);
  if (!phone) return;
  phone.toast.textContent = text;
  clearTimeout(phone.toastTimer);
  phone.toastTimer = setTimeout(() => { phone.toast.textContent = ""; }, 6000);
}

// -- the stream ---------------------------------------------------------------------------------------------------

function connect() {
  const stream = new EventSource("/demo/events");
  const hear = (name, act) => stream.addEventListener(name, (event) => act(JSON.parse(event.data)));
  let lost = false;
  hear("about", (found) => { if (lost) say(""); lost = false; onAbout(found); });
  hear("clock", onClock);
  hear("chat", onChat);
  hear("toast", onToast);
  stream.onerror = () => {
    lost = true;
    say("The demo is away. This page waits and goes on when it is back.");
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  };
}

narrow.addEventListener("change", () => {
  panels();
  phones.forEach(toEnd);
});
// The tabs stick right below the bar, and the phone fills what is left, whatever height they have.
const heights = new ResizeObserver(() => {
  const above = $("tabs").offsetHeight + $("guide").offsetHeight;
  document.documentElement.style.setProperty("--bar", `${document.querySelector(".bar").offsetHeight}px`);
  document.documentElement.style.setProperty("--above", `${above}px`);
});
for (const part of [document.querySelector(".bar"), $("guide"), $("tabs")]) heights.observe(part);
setInterval(showTime, 1000);
connect();
