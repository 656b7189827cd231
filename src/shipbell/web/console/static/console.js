/* Makes the subscription form answer while one types. Without it every button does the same by a full load. */
(function () {
  "use strict";
  var form = document.querySelector("form[data-live]");
  if (!form || !window.fetch || !window.DOMParser) { return; }
  var waiting = 0, asked = 0;

  // The server's page for what is typed, with the preview that a press of Show would give.
  // The attribute is asked for by name, since the buttons are named action, too.
  function ask() {
    var turn = ++asked, body = new URLSearchParams(new FormData(form));
    body.set("action", "check");
    fetch(form.getAttribute("action"), { method: "POST", body: body, credentials: "same-origin", headers: { Accept: "text/html" } })
      .then(function (reply) { return reply.ok && !reply.redirected ? reply.text() : null; })
      .then(function (html) { if (html && turn === asked) { show(new DOMParser().parseFromString(html, "text/html")); } })
      .catch(function () { /* The next change asks again; the buttons work in any case. */ });
  }

  function show(page) {
    replace(page, "preview-shown");
    ["name", "url", "user_ids"].forEach(function (name) {
      if (form.elements[name] !== document.activeElement || form.elements[name].dataset.left) { replace(page, name + "-told"); mark(page, name); }
    });
    form.querySelectorAll("[data-tally]").forEach(function (one) { replace(page, one.id); });
    form.querySelectorAll(".tri").forEach(function (one) {
      var fresh = page.getElementById(one.id);
      if (fresh) { one.setAttribute("aria-checked", fresh.getAttribute("aria-checked")); }
    });
    options(page);
  }

  function replace(page, id) {
    var old = document.getElementById(id), fresh = page.getElementById(id);
    if (!old || !fresh || old.innerHTML === fresh.innerHTML) { return; }
    var open = Array.prototype.map.call(old.querySelectorAll("details"), function (one) { return one.open; });
    old.innerHTML = fresh.innerHTML;
    old.querySelectorAll("details").forEach(function (one, place) { one.open = Boolean(open[place]); });
  }

  function mark(page, name) {
    var old = document.getElementById(name), fresh = page.getElementById(name);
    if (old && fresh && fresh.getAttribute("aria-invalid")) { old.setAttribute("aria-invalid", "true"); } else if (old) { old.removeAttribute("aria-invalid"); }
  }

  function options(page) {
    var old = document.getElementById("preview-of"), fresh = page.getElementById("preview-of");
    if (old && fresh && old.innerHTML !== fresh.innerHTML && old !== document.activeElement) {
      old.innerHTML = fresh.innerHTML;
      old.value = fresh.value;
    }
  }

  function soon(pause) { clearTimeout(waiting); waiting = setTimeout(ask, pause); }

  document.addEventListener("input", function (event) {
    if (event.target.form !== form) { return; }
    var count = document.getElementById(event.target.name + "-used");
    if (count) { count.textContent = Array.from(event.target.value).length.toLocaleString("en"); }
    soon(event.target.type === "text" ? 400 : 80);
  });
  form.addEventListener("focusout", function (event) { event.target.dataset.left = "1"; soon(80); });
}());
