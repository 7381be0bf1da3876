// An article that is open over the page: keys press the buttons they stand on, unless something is being typed; its form
// is shown in place of what it words anew; when it is shut, the focus goes back to what it was opened with.
let opener = null;
let shown = "";
let busy = 0; // until when something is on its way: a key that is pressed twice does it once
const article = () => element.querySelector("article");
const form = () => element.querySelector("form");
const typing = (target) => Boolean(target.closest?.("input, textarea, select, [contenteditable], dialog"));
const covered = () => Boolean(document.querySelector("#document article, dialog[open]"));
const beside = (target) => element.closest('[role="tabpanel"]')?.contains(target) && !element.contains(target);

function write(open) {
  const wording = element.querySelector(".wording");
  form().hidden = !open;
  if (wording) wording.hidden = open;
  if (!open) { article().focus({ preventScroll: true }); return; }
  if (!wording) form().scrollIntoView({ block: "center" });
  form().querySelector("[name=answer], textarea").focus();
}

const shut = () => { trigger("shut", {}); props.value = ""; opener?.isConnected && opener.focus(); };

document.addEventListener("click", ({ target }) => {
  const button = target.closest('[data-event="open"], [data-event="review"]');
  if (button && beside(button)) opener = button;
}, true);
document.addEventListener("keydown", (event) => {
  if (!article() || covered() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    event.stopPropagation();
    if (form() && !form().hidden) write(false);
    else shut();
    return;
  }
  if (typing(event.target)) return;
  const keys = element.querySelector(".keys");
  if (event.key === "?" && keys) {
    keys.open = !keys.open;
    keys.scrollIntoView({ block: "nearest" });
    return;
  }
  const button = element.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!button || event.repeat || Date.now() < busy) return;
  event.preventDefault();
  if (button.dataset.event && !button.dataset.question) busy = Date.now() + 1500;
  button.click();
}, true);
element.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest("form")) form().requestSubmit();
});
element.addEventListener("click", ({ target }) => {
  if (target.closest(".edit")) write(true);
  else if (target.closest(".cancel")) write(false);
  else if (target.closest('[data-event="shut"]')) props.value = "";
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  trigger(event.target.dataset.sends, { ...event.target.dataset, ...Object.fromEntries(new FormData(event.target)) });
});
watch("value", () => {
  busy = 0;
  const now = article()?.dataset.id ?? "";
  if (article() && now !== shown) {
    article().tabIndex = -1;
    article().focus({ preventScroll: true });
    article().querySelector(".scroll")?.scrollTo(0, 0);
  }
  shown = now;
  document.dispatchEvent(new CustomEvent("article"));
});
