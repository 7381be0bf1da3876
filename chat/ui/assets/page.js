// Light or dark, the sidebar, the keyboard, copying: what concerns the page as a whole. Runs before the first paint.
const apprentice = (() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const phone = matchMedia("(max-width: 760px)");
  const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private window */ } };
  const $ = (selector) => document.querySelector(selector);

  const paint = () => {
    const appearance = kept("appearance") ?? (dark.matches ? "dark" : "light");
    root.dataset.appearance = appearance;
    if (document.body && document.body.classList.contains("dark") !== (appearance === "dark"))
      document.body.classList.toggle("dark", appearance === "dark");
  };
  const switchAppearance = () => {
    keep("appearance", root.dataset.appearance === "dark" ? "light" : "dark");
    paint();
  };

  const showSidebar = (shown) => {
    root.dataset.sidebar = shown ? "open" : "closed";
    $("#bar .menu")?.setAttribute("aria-expanded", String(shown));
    if (!phone.matches) keep("sidebar", root.dataset.sidebar);
  };
  const sidebarShown = () => root.dataset.sidebar === "open";

  const compares = (shown) => {
    root.dataset.view = shown ? "compare" : "chat";
    $("#bar .compare")?.setAttribute("aria-pressed", String(shown));
    if (shown && matchMedia("(pointer: fine)").matches) $("#compare-question textarea")?.focus();
  };
  const focusQuestion = () => { if (matchMedia("(pointer: fine)").matches) $("#question textarea")?.focus(); };
  const writing = () => $("#chat .writing") !== null;

  const copy = (button, element) => {
    if (button.classList.contains("done")) return;
    const selection = getSelection();
    const range = document.createRange();
    range.selectNodeContents(element);
    selection.removeAllRanges();
    selection.addRange(range);
    document.execCommand("copy"); // keeps the formatting, and works without https, unlike navigator.clipboard
    selection.removeAllRanges();
    const word = button.textContent;
    button.textContent = "✓";
    button.classList.add("done");
    setTimeout(() => { button.textContent = word; button.classList.remove("done"); }, 1200);
  };

  const onClick = ({ target }) => {
    const button = target.closest("button");
    if (button?.matches("#bar .menu")) showSidebar(!sidebarShown());
    else if (button?.matches("#bar .appearance")) switchAppearance();
    else if (button?.matches("#bar .compare")) compares(root.dataset.view !== "compare");
    else if (button?.matches(".copy-code")) copy(button, button.nextElementSibling);
    else if (button?.matches(".copy-answer")) copy(button, button.closest(".message-row").querySelector(".answer"));
    else if (button?.matches("#send, #stop, .starter")) focusQuestion();
    else if (phone.matches && sidebarShown() && !target.closest("#sidebar, dialog")) showSidebar(false);
  };

  const onEscape = ({ key }) => {
    if (key !== "Escape") return;
    if ($("#passage article")) $("#passage .close").click();
    else if (phone.matches && sidebarShown()) showSidebar(false);
    else if (writing()) $("#stop").click();
    else if ($("#sides .writing")) $("#compare-stop").click();
    else if (root.dataset.view === "compare") compares(false);
  };
  const onEnter = (event) => {
    if (event.key !== "Enter" || event.shiftKey || !event.target.closest("#question")) return;
    if (event.target.value.trim() && !writing()) return;
    event.preventDefault(); // one answer at a time: what is typed meanwhile stays
    event.stopPropagation();
  };

  paint();
  showSidebar(!phone.matches && kept("sidebar") !== "closed");
  dark.addEventListener("change", paint);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onEscape);
  document.addEventListener("keydown", onEnter, true);
  addEventListener("popstate", () => location.reload());
  // Gradio sets the body's class as it likes, and reads each message's markup out as its label.
  const amend = () => {
    paint();
    document.querySelectorAll("#chat .rate").forEach((thumb) => thumb.setAttribute("aria-pressed", thumb.classList.contains("pressed")));
    document.querySelectorAll("#chat [data-testid][aria-label]").forEach((message) => message.removeAttribute("aria-label"));
  };
  const watch = () => {
    const attributeFilter = ["class", "aria-label"];
    new MutationObserver(amend).observe(document.body, { subtree: true, childList: true, attributeFilter });
  };
  // Gradio may put this script in when the page is there already.
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", watch);
  else watch();

  return {
    addressed: () => [new URLSearchParams(location.search).get("c") ?? ""],
    address: (id) => {
      const address = id ? `?c=${id}` : location.pathname;
      const here = new URLSearchParams(location.search).get("c") ?? "";
      if (id === here) return [];
      history.pushState(null, "", address);
      $("#passage .close")?.click();
      return [];
    },
    followed: () => {
      document.dispatchEvent(new Event("followed"));
      return [];
    },
    moved: () => {
      if (phone.matches) showSidebar(false);
      compares(false);
      focusQuestion();
      return [];
    },
  };
})();
