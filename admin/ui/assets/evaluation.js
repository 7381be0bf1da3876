// The form is sent as the button says that was pressed; another collection offers other questions and adapters.
const said = () => Object.fromEntries(new FormData(element.querySelector("form")));
element.addEventListener("submit", (event) => {
  event.preventDefault();
  trigger(event.submitter?.value === "freeze" ? "freeze" : "begin", said());
});
element.addEventListener("change", ({ target }) => { if (target.dataset.choose) trigger("choose", said()); });
