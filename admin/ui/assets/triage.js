// The open answer: keys press the buttons they stand on, unless something is being typed; the focus goes back at the end.
let opener = null;
let shown = "";
let busy = 0; // until when something is on its way: a key that is pressed twice does it once
const article = () => element.querySelector("article");
const form = () => element.querySelector("form");
const typing = (target) => Boolean(target.closest?.("input, textarea, select, [contenteditable], dialog"));
const covered = () => Boolean(document.querySelector("#document article, dialog[open]"));

function write(open) {
  form().hidden = !open;
  if (open) { form().scrollIntoView({ block: "center" }); form().querySelector("textarea").focus(); } else article().focus({ preventScroll: true });
}

const shut = () => { trigger("shut", {}); props.value = ""; opener?.isConnected && opener.focus(); };

document.addEventListener("click", ({ target }) => { if (target.closest('#feedback [data-event="open"]')) opener = target; }, true);
document.addEventListener("keydown", (event) => {
  if (!article() || covered() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    event.stopPropagation();
    if (!form().hidden) write(false);
    else shut();
    return;
  }
  if (typing(event.target)) return;
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
  trigger("write", { ...event.target.dataset, ...Object.fromEntries(new FormData(event.target)) });
});
watch("value", () => {
  busy = 0;
  const now = article()?.dataset.id ?? "";
  if (article() && now !== shown) {
    article().tabIndex = -1;
    article().focus({ preventScroll: true });
    article().querySelector(".scroll").scrollTo(0, 0);
  }
  shown = now;
});
