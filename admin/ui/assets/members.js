// Whom a collection is for. A role that is chosen is sent at once; Escape closes, and the focus goes back.
let opener = null;
let shown = "";
const shut = () => { trigger("shut", {}); props.value = ""; opener?.focus(); };

document.addEventListener("click", ({ target }) => { if (target.closest('[data-event="members"]')) opener = target; }, true);
document.addEventListener("keydown", ({ key }) => { if (key === "Escape" && element.querySelector("article")) shut(); });
element.addEventListener("click", ({ target }) => { if (target.closest(".close")) shut(); });
element.addEventListener("change", ({ target }) => {
  if (!target.closest("li")) return;
  const role = target.value;
  target.value = [...target.options].find((option) => option.defaultSelected).value; // until it is so: it may be refused
  trigger("admit", { ...target.dataset, role });
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  const { name, role } = Object.fromEntries(new FormData(event.target));
  trigger("admit", { collection: event.target.dataset.collection, name, role });
});
watch("value", () => {
  const article = element.querySelector("article");
  if (article && article.dataset.collection !== shown) article.querySelector(".close").focus({ preventScroll: true });
  shown = article?.dataset.collection ?? "";
});
