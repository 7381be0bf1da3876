// A form is sent whole; a button with a value says which of its ways is meant.
element.addEventListener("submit", (event) => {
  event.preventDefault();
  trigger(event.submitter?.value || "enter", Object.fromEntries(new FormData(event.target)));
});
