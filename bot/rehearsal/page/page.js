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
  $("guide").hidden = !about.try.length && !about.intro;
  $("intro").textContent = about.intro;
  $("try").replaceChildren(...about.try.map((words) => make("li", { textContent: words })));
  phones.clear();
  $("phones").replaceChildren(...about.phones.map(makePhone));
  $("tabs").replaceChildren(...[...phones.values()].map((phone) => phone.tab));
  panels();
  choose(about.phones[0]?.id, false);
  showTime();
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
  const phone = { id, name, card, log, messages: new Map(), unread: 0, blocked: false, first: true };
  Object.assign(card, { id: `phone-${id}` });
  card.dataset.role = role.toLowerCase();
  find(".face").textContent = name.slice(0, 1);
  find("h2").replaceChildren(name, make("span", { className: "role", textContent: role }));
  find("h2").id = `name-${id}`;
  find(".about").textContent = line;
  log.setAttribute("aria-label", `Chat on ${name}'s phone`);
  find(".write .hidden").textContent = `Message from ${name}`;
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
    toEnd(phone);
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
  const follow = atEnd(phone.log);
  for (const number of gone) {
    phone.messages.get(number)?.node.remove();
    phone.messages.delete(number);
  }
  for (const data of messages) place(phone, data);
  daysAndStart(phone);
  showBlocked(phone, blocked);
  const news = messages.filter((data) => data.bot && !data.silent).length;
  if (news && !phone.first && narrow.matches && !phone.card.classList.contains("chosen")) unread(phone, phone.unread + news);
  if (follow || phone.first || messages.some((data) => !data.bot)) toEnd(phone);
  else if (messages.length) phone.newer.hidden = false;
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
  if (held) (node.querySelector("button") || phone.log).focus({ preventScroll: true });
}

function drawMessage(phone, data) {
  const bubble = make("div", { className: "bubble" });
  if (data.kind === "photo") bubble.append(picture(phone, data));
  else if (data.kind !== "text") bubble.append(attachment(phone, data));
  if (data.text) bubble.append(make("div", { className: "text" }, ...dress(data.text, data.entities, 0, data.text.length)));
  bubble.append(marks(data));
  const node = make("article", { className: data.bot ? "message bot" : "message own" }, bubble);
  node.setAttribute("aria-label", `${data.bot ? about.bot : phone.name}, ${shapes.time.format(Date.parse(data.at))}`);
  if (data.buttons.length) node.append(make("div", { className: "keys" }, ...data.buttons.map((row) => drawRow(phone, data, row))));
  return node;
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
  const image = make("img", { src: `/demo/file/${phone.id}/${data.id}?${data.revision}`, alt, width: 640, height: 360 });
  image.addEventListener("load", () => {
    Object.assign(image, { width: image.naturalWidth, height: image.naturalHeight });
    if (atEnd(phone.log, 500)) toEnd(phone);
  });
  return image;
}

function attachment(phone, data) {
  const address = `/demo/file/${phone.id}/${data.id}?${data.revision}`;
  return make("p", {}, make("a", { href: address, download: data.file, textContent: data.file || data.kind }));
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
  phone.field.disabled = blocked;
  phone.field.placeholder = blocked ? `${phone.name} has blocked the bot` : "Message";
  phone.card.querySelector(".write button").disabled = blocked;
}

function atEnd(log, within = 90) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < within;
}

function toEnd(phone) {
  phone.newer.hidden = true;
  phone.log.scrollTop = phone.log.scrollHeight;
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
// The tabs stick right below the bar, whatever height it has.
new ResizeObserver(([entry]) => {
  document.documentElement.style.setProperty("--bar", `${entry.target.offsetHeight}px`);
}).observe(document.querySelector(".bar"));
setInterval(showTime, 1000);
connect();
