// The review lies over the list of examples: whoever opens one from here is taken there.
element.addEventListener("click", ({ target }) => {
  if (target.closest('[data-event="open"]')) document.querySelector('#examples-tabs button[role="tab"]')?.click();
});
