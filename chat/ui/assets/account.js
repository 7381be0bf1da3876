// The way to one's account, in the bar at the top, for who has signed in.
(() => {
  if (!document.cookie.includes("apprentice-signed-in=1")) return;
  const put = () => {
    const bar = document.querySelector("#bar .appearance");
    if (!bar || document.querySelector("#bar .account")) return;
    const link = Object.assign(document.createElement("a"), { href: "/account", className: "icon account", title: "Your account" });
    link.setAttribute("aria-label", link.title);
    bar.after(link);
  };
  new MutationObserver(put).observe(document, { childList: true, subtree: true });
})();
