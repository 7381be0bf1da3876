// The passage at the side: opens from any link "#cite-…" in the thread, shows the span, gives the focus back when it closes.
let opener = null;

document.addEventListener("click", (event) => {
  const link = event.target.closest(':is(#chat, #sides) a[href^="#cite-"]');
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  opener = link;
  trigger("cite", { passage: link.getAttribute("href").slice("#cite-".length) });
}, true);

watch("value", () => {
  if (!element.querySelector("article")) return;
  element.querySelector("mark")?.scrollIntoView({ block: "center" });
  element.querySelector(".close").focus({ preventScroll: true });
});

element.addEventListener("click", (event) => {
  if (!event.target.closest(".close")) return;
  props.value = "";
  opener?.focus();
});
