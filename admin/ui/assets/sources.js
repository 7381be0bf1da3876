// The form of a new source is sent as the button says that was pressed: looked at, or added.
element.addEventListener("submit", (event) => {
  event.preventDefault();
  trigger(event.submitter?.value === "look" ? "look" : "enter", Object.fromEntries(new FormData(event.target)));
});
