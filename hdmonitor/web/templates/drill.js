// Counts the seconds of a drill on the page. The time that counts is the server's.
"use strict";
const clock = document.getElementById("clock");
if (clock) {
  const begun = performance.now() - 1000 * Number(clock.dataset.seconds);
  setInterval(() => {
    const seconds = Math.floor((performance.now() - begun) / 1000);
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }, 250);
}
