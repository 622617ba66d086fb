// What the pages do better with scripts; each is complete without.
"use strict";

// A choice of order takes effect at once: without scripts its form has a button.
for (const select of document.querySelectorAll("select[data-submit]")) {
  const button = select.form.querySelector("button[data-noscript]");
  if (button) button.hidden = true;
  select.addEventListener("change", () => select.form.requestSubmit());
}

// A field that holds a URL gets a button that copies it.
for (const field of document.querySelectorAll("input[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "slim";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  field.addEventListener("focus", () => field.select());
  field.after(button);
}
