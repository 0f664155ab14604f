"use strict";
(() => {
  const status = document.getElementById("status");
  const say = (button, words) => {
    status.textContent = words;
    const before = button.dataset.label;
    button.textContent = words;
    clearTimeout(Number(button.dataset.timer));
    button.dataset.timer = String(setTimeout(() => { button.textContent = before; status.textContent = ""; }, 2000));
  };
  const selected = (source) => {
    const range = document.createRange();
    range.selectNodeContents(source);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return document.execCommand("copy");
  };
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    button.dataset.label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      let done = false;
      try {
        await navigator.clipboard.writeText(source.textContent);
        done = true;
      } catch {
        done = selected(source);
      }
      say(button, done ? "Copied" : "Selected: press Ctrl+C");
    });
  }
})();
