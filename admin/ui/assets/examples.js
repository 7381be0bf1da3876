// A form is sent as the event that it is for, with what stands in its fields.
element.addEventListener("submit", (event) => {
  event.preventDefault();
  trigger(event.target.dataset.sends, { ...event.target.dataset, ...Object.fromEntries(new FormData(event.target)) });
});
