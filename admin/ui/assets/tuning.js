// What stands in the fields goes along with the button that was pressed.
element.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-event]");
  if (button) for (const field of element.querySelectorAll("[name]")) button.dataset[field.name] = field.value;
}, true);
// Enter in a field is the comparison, as in any form.
element.addEventListener("submit", (event) => { event.preventDefault(); });
