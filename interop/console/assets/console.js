// What the console does beyond plain pages: it refreshes what is live, and swaps in a part of a page without leaving it.
// Everything works without this file too.
"use strict";

const EVERY = 5000;
const POINTED = 250;
let wanted = null;
let pointing = 0;

async function fetched(address, live, sent) {
  const headers = live ? { "X-Live": "1" } : {};
  const answer = await fetch(address, { headers, credentials: "same-origin", method: sent ? "POST" : "GET", body: sent });
  if (!answer.ok || answer.redirected) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function isInUse(part) {
  return part.contains(document.activeElement) || !getSelection().isCollapsed;
}

function swap(part, page) {
  const fresh = page && page.getElementById(part.id);
  if (!fresh || fresh.innerHTML === part.innerHTML) return;
  const open = [...part.querySelectorAll("details")].map((one) => one.open);
  part.innerHTML = fresh.innerHTML;
  part.querySelectorAll("details").forEach((one, number) => { one.open = Boolean(open[number]); });
  if (!("live" in fresh.dataset)) delete part.dataset.live;
}

async function refresh() {
  const parts = [...document.querySelectorAll("[data-live]")];
  if (parts.length && !document.hidden && !parts.every(isInUse)) {
    try {
      const page = await fetched(location.href, true);
      parts.filter((part) => part.isConnected && !isInUse(part)).forEach((part) => swap(part, page));
    } catch { /* The next time will do. */ }
  }
  setTimeout(refresh, EVERY);
}

async function look(link) {
  wanted = link;
  const page = await (link.form ? fetched(link.formAction, false, new FormData(link.form, link)) : fetched(link.href, false)).catch(() => null);
  return wanted !== link || show(page, link);
}

async function follow(event) {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  if (!await look(link)) { location.assign(link.href); return; }
  history.replaceState(null, "", link.href);
  bring();
}

async function send(event) {
  const button = event.submitter;
  if (!button || !("swap" in button.dataset)) return;
  event.preventDefault();
  if (!await look(button)) { delete button.dataset.swap; button.click(); return; }
  bring();
}

function point(event) {
  const link = event.target.closest("[data-point] [data-swap]");
  const meant = event.type === "focusin" ? link && link.matches(":focus-visible") : event.pointerType === "mouse";
  clearTimeout(pointing);
  if (link && meant && !link.hasAttribute("aria-current")) pointing = setTimeout(look, POINTED, link);
}

function bring() {
  if (matchMedia("(max-width: 52rem)").matches) document.getElementById("places").scrollIntoView();
}

function show(page, chosen) {
  const part = document.getElementById("places");
  if (!page || !part || !page.getElementById("places")) return false;
  swap(part, page);
  document.querySelectorAll(".field-line.current").forEach((one) => one.classList.remove("current"));
  document.querySelectorAll("[data-swap][aria-current]").forEach((one) => one.removeAttribute("aria-current"));
  chosen.closest(".field-line").classList.add("current");
  chosen.setAttribute("aria-current", "true");
  center(part);
  return true;
}

function center(part) {
  part.querySelectorAll("mark").forEach((mark) => {
    const box = mark.closest(".text");
    const room = Math.max(0, box.clientHeight - mark.offsetHeight);
    box.scrollTop = mark.offsetTop - room / 2;
  });
}

function inView(tab) {
  const row = tab.parentElement;
  row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}

function drop(area) {
  const input = area.querySelector("input[type=file]");
  for (const name of ["dragover", "dragenter"]) {
    area.addEventListener(name, (event) => { event.preventDefault(); area.classList.add("over"); });
  }
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; weigh(); area.requestSubmit(); }
  });
  const weigh = () => {
    const large = input.files.length && input.files[0].size > Number(area.dataset.largest);
    input.setCustomValidity(large ? area.dataset.tooLarge : "");
  };
  input.addEventListener("change", weigh);
}

document.addEventListener("click", follow);
document.addEventListener("submit", send);
document.addEventListener("pointerover", point);
document.addEventListener("focusin", point);
document.querySelectorAll("form.drop").forEach(drop);
document.querySelectorAll("#places").forEach(center);
document.querySelectorAll(".tabs [aria-current]").forEach(inView);
setTimeout(refresh, EVERY);
