// Draws the figures of a table: bars up for what went into wallets, bars down for what went out, a line for the net; or
// the steps of one figure over time (`data-line` names it).
// The table stays what is read aloud, and what is shown without scripts; no figure lives here alone.
(() => {
  const lang = document.documentElement.lang;
  const drawn = new Map();
  const token = (name) => getComputedStyle(document.querySelector(".report")).getPropertyValue(name).trim();
  const compact = new Intl.NumberFormat(lang, { notation: "compact", maximumFractionDigits: 1 });

  const read = (plot) => {
    const rows = [...document.querySelectorAll(`#${plot.dataset.chart} tbody tr`)];
    const scale = 10 ** plot.dataset.exponent;
    const of = (name) => rows.map((row) => Number(row.dataset[name]) / scale);
    return { rows, data: [rows.map((_row, index) => index), of("into"), of("out"), of("net")] };
  };

  const options = (plot, rows) => {
    const [ink, grid] = [token("--quiet"), token("--chart-grid")];
    const form = plot.dataset.unit === "month" ? { month: "short", year: "2-digit" } : { day: "numeric", month: "short" };
    const when = new Intl.DateTimeFormat(lang, { ...form, timeZone: "UTC" });
    const label = (index) => (rows[index] ? when.format(new Date(rows[index].dataset.at)) : "");
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    const bars = (name) => ({ paths: uPlot.paths.bars({ size: [0.7, 48] }), fillTo: () => 0, fill: token(name), width: 0, points: { show: false } });
    const said = document.getElementById(plot.dataset.said);
    const together = said.textContent;
    return {
      width: plot.clientWidth,
      height: plot.clientHeight,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, range: () => [-0.6, rows.length - 0.4] },
        y: { range: (_plot, low, high) => uPlot.rangeNum(Math.min(0, low), Math.max(0, high), 0.1, true) },
      },
      axes: [
        { ...axis, size: 30, grid: { show: false }, incrs: [1, 2, 3, 5, 7, 14, 30, 60, 90], space: 56, values: (_plot, splits) => splits.map(label) },
        { ...axis, size: 64, values: (_plot, splits) => splits.map((value) => compact.format(value)) },
      ],
      series: [{}, bars("--chart-into"), bars("--chart-out"), { stroke: token("--chart-net"), width: 2, points: { show: rows.length < 40, size: 6, fill: token("--chart-net") } }],
      hooks: { setCursor: [({ cursor: { idx } }) => { said.textContent = rows[idx]?.dataset.said ?? together; }] },
    };
  };

  const readLine = (plot) => {
    const rows = [...document.querySelectorAll(`#${plot.dataset.chart} tbody tr[data-at]`)].reverse(); // the newest comes first
    const times = rows.map((row) => Date.parse(row.dataset.at) / 1000);
    const values = rows.map((row) => Number(row.dataset[plot.dataset.line]) / 1e9);
    const now = Date.now() / 1000;
    if (times.at(-1) < now) [times, values, rows].forEach((list, index) => list.push([now, values.at(-1), rows.at(-1)][index]));
    return { rows, data: [times, values] };
  };

  const lineOptions = (plot, rows) => {
    const [ink, grid, line] = [token("--quiet"), token("--chart-grid"), token("--chart-net")];
    const when = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short" });
    const figure = new Intl.NumberFormat(lang, { maximumSignificantDigits: 6 });
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    const said = document.getElementById(plot.dataset.said);
    const latest = said.textContent;
    return {
      width: plot.clientWidth,
      height: plot.clientHeight,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      axes: [
        { ...axis, size: 30, grid: { show: false }, space: 70, values: (_plot, splits) => splits.map((at) => when.format(at * 1000)) },
        { ...axis, size: 76, values: (_plot, splits) => splits.map((value) => figure.format(value)) },
      ],
      series: [{}, { stroke: line, width: 2, paths: uPlot.paths.stepped({ align: 1 }), points: { show: rows.length < 40, size: 6, fill: line } }],
      hooks: { setCursor: [({ cursor: { idx } }) => { said.textContent = rows[idx]?.dataset.said ?? latest; }] },
    };
  };

  const draw = (plot) => {
    const { rows, data } = plot.dataset.line ? readLine(plot) : read(plot);
    const chart = new uPlot((plot.dataset.line ? lineOptions : options)(plot, rows), data, plot);
    const watch = new ResizeObserver(() => chart.setSize({ width: plot.clientWidth, height: plot.clientHeight }));
    watch.observe(plot);
    drawn.set(plot, () => { watch.disconnect(); chart.destroy(); });
  };
  const drawAll = () => {
    for (const [plot, end] of drawn) if (!plot.isConnected) { end(); drawn.delete(plot); }
    for (const plot of document.querySelectorAll("[data-chart]")) if (!drawn.has(plot)) draw(plot);
  };
  const again = () => {
    for (const end of drawn.values()) end();
    drawn.clear();
    drawAll();
  };

  document.body.addEventListener("htmx:afterSettle", drawAll);
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  drawAll();
})();
