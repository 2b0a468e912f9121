// Keeps a page as new as the monitor, and blanks it when that cannot be:
// a page that lost its connection says nothing about any room.
"use strict";
(() => {
  const main = document.querySelector("main[data-live]");
  const lost = document.getElementById("lost");
  if (!main || !lost) return;

  const EVERY = 1000 * Number(main.dataset.live); // as often as without this script
  const LONGEST = EVERY + 5000; // no page is shown for longer after it was made
  const PATIENCE = 5000;
  let made = performance.now();
  let sign = "";
  let asking = false;

  function blank() {
    main.hidden = true;
    lost.hidden = false;
  }

  function show() {
    main.hidden = false;
    lost.hidden = true;
  }

  // Where the reader was: an element with an id, or a link by its address.
  function placeOf(element) {
    if (!element || !main.contains(element) || element === main) return "";
    if (element.id) return `#${CSS.escape(element.id)}`;
    const address = element.getAttribute("href");
    return address ? `[href="${CSS.escape(address)}"]` : element.tagName === "SUMMARY" ? "summary" : "";
  }

  function swap(fresh) {
    const place = placeOf(document.activeElement);
    const open = [...main.querySelectorAll("details[open][id]")].map((each) => each.id);
    main.replaceChildren(...fresh.childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (place) main.querySelector(place)?.focus({ preventScroll: true });
  }

  async function refresh() {
    if (asking) return;
    asking = true;
    const begun = performance.now();
    try {
      const answer = await fetch(location.href, {
        headers: { Accept: "text/html" },
        cache: "no-store",
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.redirected) return location.reload(); // the login is over
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main[data-live]");
      if (!fresh) throw new Error("another page");
      swap(fresh);
      made = begun;
      show();
    } catch {
      blank();
    } finally {
      asking = false;
    }
  }

  // "No known reason not to" is good until its time, by the clock of the monitor.
  function expire() {
    const told = main.querySelector("[data-now]");
    if (!told) return;
    const now = Date.parse(told.dataset.now) + performance.now() - made;
    for (const card of main.querySelectorAll("[data-until]")) {
      if (now < Date.parse(card.dataset.until)) continue;
      card.classList.replace("none-known", "unknown");
      card.removeAttribute("data-until");
      const verdict = card.querySelector(".verdict");
      const so = card.classList.contains("work") ? "UNKNOWN, so NO" : "UNKNOWN";
      verdict.textContent = `? ${so}: the readings are too old`;
    }
  }

  function look() {
    const age = performance.now() - made;
    if (age > LONGEST) blank();
    if (age > EVERY || main.hidden) refresh();
    expire();
  }

  const signs = new EventSource("/live");
  signs.onmessage = (told) => {
    const changed = sign !== told.data;
    sign = told.data;
    if (changed) refresh();
  };
  signs.onerror = refresh; // it tries again by itself; the page must know now
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);
})();
