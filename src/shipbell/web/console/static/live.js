// Keeps one part of a page up to date while somebody looks: asks for the page again and swaps that part alone.
// Without scripts the same part has a link that loads the page anew.
(() => {
  "use strict";
  const part = document.querySelector("[data-live]");
  if (!part) return;
  const look = async () => {
    if (document.hidden) return;
    try {
      const reply = await fetch(part.dataset.live, { headers: { Accept: "text/html" } });
      if (!reply.ok || reply.redirected) return;
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const fresh = page.querySelector("[data-live]");
      if (fresh && fresh.textContent !== part.textContent) part.replaceChildren(...fresh.childNodes);
    } catch {
      // The server may be away for a moment; the next look tells.
    }
  };
  setInterval(look, 4000);
})();
