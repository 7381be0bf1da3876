// Whoever comes back to the page sees how things stand now; meanwhile it stays silent.
addEventListener("focus", () => trigger("look", {}));
