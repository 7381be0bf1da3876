// What a change would break goes to the dialog that waits for it.
watch("value", () => {
  const said = element.querySelector("[data-lost]");
  if (said) curation.weighed({ ...said.dataset, lost: JSON.parse(said.dataset.lost) });
});
