// Payments that are not final yet are followed by one socket: an element with data-follow (ids, apart by blanks) gets
// the event "changed" when one of them does not stand as it is shown (data-standing, else INITIATED) any more, and fetches
// itself anew. Without a socket it gets it now and then.
(() => {
  const MOST = 200, LONGEST_WAIT = 30000, FAILURES = 3, POLL = 5000, POLL_AT_ONCE = 10;
  const address = `${location.origin.replace(/^http/, "ws")}/api/v1/payments/ws`;
  let socket = null, said = "", failures = 0, waiting = 0, polling = 0, turn = 0;

  const elements = () => [...document.querySelectorAll("[data-follow]")];
  const idsOf = (element) => element.dataset.follow.split(/\s+/).filter(Boolean);
  const ids = () => [...new Set(elements().flatMap(idsOf))].slice(0, MOST);
  const change = (element) => htmx.trigger(element, "changed");

  const poll = () => {
    const all = elements();
    for (const element of all.slice(turn, turn + POLL_AT_ONCE)) change(element);
    turn = turn + POLL_AT_ONCE < all.length ? turn + POLL_AT_ONCE : 0;
    if (!all.length) stop();
  };
  const stop = () => { clearInterval(polling); polling = 0; };

  const say = () => {
    const list = JSON.stringify(ids());
    if (list === said) return;
    if (list === "[]") socket.close();
    else socket.send(said = list);
  };

  const connect = () => {
    waiting = 0;
    if (socket || !ids().length) return;
    socket = new WebSocket(address);
    said = "";
    socket.addEventListener("open", say);
    socket.addEventListener("message", (event) => {
      const told = JSON.parse(event.data);
      failures = 0;
      stop();
      const isNews = (element) => (element.dataset.standing ?? "INITIATED") !== told.status;
      elements().filter((element) => idsOf(element).includes(told.id) && isNews(element)).forEach(change);
    });
    socket.addEventListener("close", () => {
      socket = null;
      failures += 1;
      if (failures >= FAILURES && !polling && ids().length) polling = setInterval(poll, POLL);
      wait();
    });
  };
  const wait = () => {
    if (!waiting) waiting = setTimeout(connect, Math.min(LONGEST_WAIT, 500 * 2 ** failures) * (0.5 + Math.random()));
  };
  const look = () => {
    if (socket?.readyState === WebSocket.OPEN) say();
    else if (!socket && !waiting) connect();
  };

  document.addEventListener("htmx:afterSettle", look);
  window.addEventListener("pageshow", look);
  window.addEventListener("pagehide", () => socket?.close()); // a socket keeps the page from being remembered
})();
