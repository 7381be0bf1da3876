// A report that arrives is handed to the browser as a file: it never lies on the server where others could fetch it.
watch("value", () => {
  const page = element.querySelector("textarea");
  if (!page) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([page.value], { type: "text/html" }));
  link.download = page.dataset.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
