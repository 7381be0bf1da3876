// The form and the open run are drawn anew while they are looked at: what was folded out stays so, and so does the focus.
const form = () => element.querySelector("form");
const said = () => Object.fromEntries(new FormData(form()));
const folds = new Map();
let field = null;
let wasOpen = "";

element.addEventListener("submit", (event) => {
  event.preventDefault();
  trigger(event.submitter?.value || "look", said());
});
element.addEventListener("change", ({ target }) => {
  if (target.dataset.choose) trigger("choose", { ...said(), changed: target.dataset.choose });
});
element.addEventListener("toggle", ({ target }) => {
  if (target.dataset?.fold && target.isConnected) folds.set(target.dataset.fold, target.open);
}, true);
element.addEventListener("focusin", ({ target }) => { field = target.name ? target : null; });
element.addEventListener("focusout", ({ relatedTarget }) => { if (relatedTarget) field = null; });
element.addEventListener("click", ({ target }) => {
  const tab = target.closest("[data-tab]")?.dataset.tab;
  const found = tab && [...document.querySelectorAll('#tabs button[role="tab"]')].find((each) => each.textContent.trim() === tab);
  found?.click();
  if (found) scrollTo(0, 0);
});
watch("value", () => {
  for (const fold of element.querySelectorAll("details[data-fold]")) {
    if (folds.has(fold.dataset.fold)) fold.open = folds.get(fold.dataset.fold);
  }
  const now = element.querySelector("article")?.dataset.id ?? "";
  if (now && now !== wasOpen) element.closest(".tabitem")?.scrollIntoView({ block: "start" });
  wasOpen = now;
  if (!field || document.activeElement !== document.body) return;
  const same = [...element.querySelectorAll(`[name="${CSS.escape(field.name)}"]`)];
  (same.find((each) => each.type === "radio" && each.checked) ?? same[0])?.focus({ preventScroll: true });
});
