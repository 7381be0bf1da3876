// A folder, chosen or dropped, with the paths of its files: browsers and Gradio hand them over by their bare names.
const placed = (file, path) => new File([file], path, { type: file.type, lastModified: file.lastModified });

const handIn = (files) => {
  const input = document.querySelector("#upload input[type=file]");
  const bundle = new DataTransfer();
  for (const file of files) bundle.items.add(file);
  input.files = bundle.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
};

const inside = async (entry) => {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    return [placed(file, entry.fullPath.slice(1))];
  }
  const reader = entry.createReader();
  const found = [];
  // A reader gives a hundred entries at a time, and none at the end.
  for (let some; (some = await new Promise((done, failed) => reader.readEntries(done, failed))).length; )
    for (const each of some) found.push(...(await inside(each)));
  return found;
};

element.addEventListener("click", ({ target }) => {
  if (!target.closest(".folder")) return;
  const picker = Object.assign(document.createElement("input"), { type: "file", webkitdirectory: true });
  picker.addEventListener("change", () => handIn([...picker.files].map((file) => placed(file, file.webkitRelativePath))));
  picker.click();
});

document.addEventListener("drop", async (event) => {
  if (!event.target.closest?.("#drop")) return;
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return;
  event.preventDefault();
  event.stopPropagation();
  event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
  handIn((await Promise.all(entries.map(inside))).flat());
}, true);
