// A link is completed with the address that the chat has on this host; what is shown once can be copied.
watch("value", () => {
  const link = element.querySelector("input.link");
  if (link?.value.startsWith("/")) link.value = `${location.protocol}//${location.hostname}:${chatPort}${link.value}`;
  element.querySelector("input.link, input.secret")?.select();
  if (element.querySelector(".note")) element.scrollIntoView({ block: "nearest" });
});
element.addEventListener("click", async ({ target }) => {
  if (!target.matches(".copies")) return;
  const told = target.previousElementSibling;
  told.select();
  try { await navigator.clipboard.writeText(told.value); } catch { document.execCommand("copy"); }
  target.textContent = "Copied";
});
