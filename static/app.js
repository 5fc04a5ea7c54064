// What HTML cannot do by itself: keyboard, dialogs, toasts, and a lost connection. No state lives here.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const body = document.body;
  document.documentElement.classList.add("scripted");

  // Requests
  body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = $('meta[name="csrf-token"]').content;
  });
  const banner = (text) => {
    const element = $("#banner");
    element.textContent = text;
    element.hidden = !text;
  };
  body.addEventListener("htmx:sendError", () => banner(body.dataset.offline));
  body.addEventListener("htmx:afterRequest", (event) => { if (event.detail.xhr.status) banner(""); });
  window.addEventListener("offline", () => banner(body.dataset.offline));
  window.addEventListener("online", () => banner(""));
  body.addEventListener("htmx:responseError", (event) => {
    if (!event.detail.xhr.getResponseHeader("HX-Trigger")) toast(body.dataset.failed, "danger");
  });

  // Toasts
  const fade = (element) => setTimeout(() => element.remove(), 6000);
  const toast = (message, level = "success") => {
    const element = document.createElement("div");
    element.className = `toast-item toast-${level}`;
    element.textContent = message;
    $("#toasts").append(element);
    fade(element);
  };
  document.querySelectorAll(".toast-item").forEach(fade);
  body.addEventListener("toast", (event) => toast(event.detail.message, event.detail.level));

  // After a swap: dialogs open, the first wrong field has the focus (on a whole page too), the list's state goes where it is needed
  body.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target ?? event.target;
    const dialog = $("#dialog");
    if (target.id === "dialog") {
      dialog.ariaLabel = $("h2", dialog)?.textContent ?? dialog.ariaLabel;
      dialog.showModal();
    } else if (dialog.open && dialog.contains(event.detail.requestConfig?.elt) && !dialog.contains(event.target)) dialog.close(); // what it asked for is done
    const wrong = $('[aria-invalid="true"]', target.isConnected ? target.parentElement : document);
    if (wrong) wrong.focus();
    const list = $("#customer-list");
    if (list && $("#sort")) {
      $("#sort").value = list.dataset.sort;
      document.querySelectorAll(".export-menu a:not(.menu-last)").forEach((link) => {
        const url = new URL(list.dataset.export, location);
        if (link.dataset.format) url.searchParams.set("format", link.dataset.format);
        link.href = url.href;
      });
    }
  });
  body.addEventListener("htmx:afterSettle", (event) => {
    if (["customer-rows", "new-customer"].includes(event.detail.target?.id) && !$('[aria-invalid="true"]')) $("#new-name")?.focus();
    const holder = document.activeElement; // a dialog that was just closed may hold the focus until the next frame
    if (holder === body || holder?.closest("dialog:not([open])")) $("[data-focus]", event.target)?.focus();
  });

  $('[aria-invalid="true"]')?.focus();

  // Questions before what cannot be undone
  body.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    const dialog = $("#confirm");
    $("#confirm-text").textContent = event.detail.question;
    dialog.returnValue = "no";
    dialog.onclose = () => { if (dialog.returnValue === "yes") event.detail.issueRequest(true); };
    dialog.showModal();
  });

  // A form that is fetched into its place: asked for again, it is gone back to with what was typed; hidden, it is gone
  body.addEventListener("htmx:beforeRequest", (event) => {
    const { reveal } = event.detail.elt.dataset;
    const form = reveal && $(`form#${reveal}`);
    if (!form) return;
    event.preventDefault();
    $("input:not([type=hidden])", form).focus();
  });
  const hide = (form) => {
    const place = document.createElement("div");
    place.id = form.id;
    place.hidden = true;
    form.replaceWith(place);
    $(`[data-reveal="${place.id}"]`).focus();
  };

  document.addEventListener("click", (event) => {
    const target = event.target;
    const hiding = target.closest("[data-hide]");
    if (hiding) hide(document.getElementById(hiding.dataset.hide));
    const closing = target.closest("[data-close]");
    if (closing && $("#dialog").open) {
      event.preventDefault();
      $("#dialog").close();
    }
    if (target.closest("[data-print]")) window.print();
    const copying = target.closest("[data-copy]");
    if (copying) navigator.clipboard?.writeText(copying.dataset.copy).then(() => toast(body.dataset.copied));
    if (!target.closest("#search")) $("#hits")?.replaceChildren();
    document.querySelectorAll(".menu[open]").forEach((menu) => { menu.open = target.closest(".menu") === menu && !target.closest(".export-menu a"); });
  });

  // Keyboard: / and Ctrl-K search, arrows walk the hits, Esc closes what is open
  const walk = (event) => {
    const hits = [...document.querySelectorAll("#hits .hit")];
    if (!hits.length || !event.target.closest("#search")) return;
    event.preventDefault();
    const next = hits.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    (hits[next] ?? $("#search-input")).focus();
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const search = $("[data-search]");
    if (search && ((event.key === "/" && !typing) || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)))) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event);
    if (event.key === "Escape") {
      if (event.target.closest("#hits")) $("#search-input").focus();
      $("#hits")?.replaceChildren();
      const opener = event.target.closest("[data-reveal]");
      if (opener) htmx.trigger(opener, "htmx:abort");
      const form = event.target.closest("#new-customer") ?? (opener && $(`form#${opener.dataset.reveal}`));
      if (form) hide(form);
      const menu = $(".menu[open]");
      if (menu) {
        menu.open = false;
        $("summary", menu).focus();
      }
    }
  });

  // A form sent without HTMX is sent once
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-once]");
    if (!form) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach((form) => delete form.dataset.sent));

  // Files: drop them on the field, and learn before the upload that one is too large
  const zone = (event) => event.target.closest?.(".drop");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const drop = zone(event);
      if (!drop) return;
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) $("input[type=file]", drop).files = event.dataTransfer.files;
    });
  }
  body.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target.closest?.("form[data-limit]");
    const file = form && $("input[type=file]", form).files[0];
    if (file && file.size > form.dataset.limit * 1024 * 1024) {
      event.preventDefault();
      toast(form.dataset.tooLarge, "danger");
    }
  });
})();
