// A vote on the two answers. The buttons go with the answers; which of them were shown, the server knows.
element.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-winner]");
  if (!button) return;
  element.querySelectorAll("[data-winner]").forEach((each) => { each.disabled = true; });
  trigger("vote", { winner: button.dataset.winner });
});
