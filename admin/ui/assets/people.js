// A form says by its data-sends which event it sends. A role that is chosen is sent at once, and shown once it is so.
element.addEventListener("submit", (event) => {
  event.preventDefault();
  trigger(event.target.dataset.sends, Object.fromEntries(new FormData(event.target)));
  event.target.reset();
});
element.addEventListener("change", ({ target }) => {
  if (!target.matches("td select")) return;
  const role = target.value;
  target.value = [...target.options].find((option) => option.defaultSelected).value;
  trigger("rank", { ...target.dataset, role });
});
