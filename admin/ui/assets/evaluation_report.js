// Where a report opens, it is read from its beginning; while it is open, the list makes room for it.
watch("value", () => { if (element.querySelector(".report")) element.closest(".tabitem")?.scrollIntoView({ block: "start" }); });
