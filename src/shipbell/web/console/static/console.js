// What htmx leaves to us: a stream that rests while nobody looks, and a form that does not swap under one's hands.
// Without scripts every part of a page has a link or a button that does the same by a full load.
(() => {
  "use strict";
  const live = document.getElementById("live");
  const form = document.querySelector("form[hx-post]");
  let source = null;

  // One stream at a time, whoever asks for another: the extension, when it tries again, too.
  htmx.createEventSource = (address) => {
    if (source) source.close();
    source = new EventSource(address);
    return source;
  };

  // What the page says of itself, "live" or "as of", follows the stream.
  const told = (on) => document.documentElement.classList.toggle("is-live", on);
  const look = () => {
    if (document.hidden) {
      live.removeAttribute("sse-connect");
      if (source) source.close();
      told(false);
    } else {
      live.setAttribute("sse-connect", live.dataset.live);
    }
    htmx.process(live);
  };
  if (live) {
    live.addEventListener("htmx:sseOpen", () => told(true));
    live.addEventListener("htmx:sseError", () => told(false));
    live.addEventListener("htmx:sseClose", () => told(false));
    document.addEventListener("visibilitychange", look);
    look();
  }

  // A piece that says nothing new stays: focus, an open fold and what a screen reader follows stay with it.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const fresh = fragment.firstElementChild;
    target.querySelectorAll("details[id]").forEach((one) => {
      const twin = fresh.querySelector("#" + one.id);
      if (twin) twin.open = one.open;
    });
    if (fresh.isEqualNode(target) || target === document.activeElement || typing(target)) event.detail.shouldSwap = false;
  });

  // What is wrong with a field is told once it was left, not while it is typed for the first time.
  const typing = (piece) => {
    const field = form && document.activeElement.form === form ? document.activeElement : null;
    return field !== null && !("left" in field.dataset) && piece.id === field.name + "-told";
  };
  if (form) {
    form.addEventListener("input", ({ target }) => {
      const count = document.getElementById(target.name + "-used");
      if (count) count.textContent = [...target.value].length.toLocaleString("en");
    });
    form.addEventListener("focusout", (event) => { event.target.dataset.left = ""; });
    form.addEventListener("htmx:afterRequest", () => {
      form.querySelectorAll("[id$='-told']").forEach((one) => {
        const field = form.elements[one.id.slice(0, -"-told".length)];
        if (one.childElementCount) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
      });
    });
  }

  // Copying needs a secure place: elsewhere the button is not shown, and the text is selected by one click.
  if (navigator.clipboard) {
    document.querySelectorAll("button[data-copy]").forEach((one) => {
      one.hidden = false;
      one.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(one.dataset.copy).textContent);
        one.querySelector("span").textContent = one.dataset.copied;
        one.setAttribute("aria-label", one.dataset.copied);
      });
    });
  }
})();
