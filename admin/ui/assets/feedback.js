// People rate while the list is open: it is looked at again, but only while somebody sees it.
const seen = () => element.offsetParent && !document.hidden && !document.querySelector("#case article");
const looking = setInterval(() => {
  if (!element.isConnected) clearInterval(looking);
  else if (seen()) trigger("look", {});
}, 5000);
