// A file that was made is handed over at once, and not kept in the page.
watch("value", () => {
  const file = element.querySelector("template");
  if (!file) return;
  const bytes = Uint8Array.from(atob(file.dataset.bytes), (letter) => letter.charCodeAt(0));
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([bytes])), download: file.dataset.name });
  link.click();
  URL.revokeObjectURL(link.href);
  props.value = "";
});
