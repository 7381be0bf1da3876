// The open adapter. Its form lets it answer; Escape closes, and the focus goes back.
let opener = null;
let shown = "";
const shut = () => { trigger("shut", {}); props.value = ""; opener?.focus(); };

document.addEventListener("click", ({ target }) => { if (target.closest('#adapters [data-event="open"]')) opener = target; }, true);
document.addEventListener("keydown", ({ key }) => { if (key === "Escape" && element.querySelector("article")) shut(); });
element.addEventListener("click", ({ target }) => { if (target.closest(".close")) shut(); });
element.addEventListener("submit", (event) => {
  event.preventDefault();
  const { act, ...data } = event.target.dataset;
  const place = element.querySelector('[name="collection"]')?.value ?? "";
  trigger(act, { ...data, collection: place, ...Object.fromEntries(new FormData(event.target)) });
});
element.addEventListener("change", ({ target }) => {
  if (target.name === "collection") trigger("judge", { name: target.form.dataset.name, collection: target.value });
});
watch("value", () => {
  const article = element.querySelector("article");
  if (article && article.dataset.name !== shown) article.querySelector(".close").focus({ preventScroll: true });
  shown = article?.dataset.name ?? "";
});
