// The overview's charts: drawn by uPlot, coloured by the page, drawn anew with the theme or size.
const HEIGHT = 210;
const drawn = new Map();

// Times are UTC, as everywhere on the console.
const inUtc = (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");
const two = (number) => String(number).padStart(2, "0");
function clock(seconds) {
  const at = new Date(seconds * 1000);
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}${at.getUTCSeconds() ? `:${two(at.getUTCSeconds())}` : ""}`;
}
const full = (seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 10)} ${clock(seconds)}`;
const day = (seconds) => new Date(seconds * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const ticks = (places) => places.map((at, index) => (at % 86400 === 0 ? day(at) : index ? clock(at) : `${clock(at)}\n${day(at)}`));

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const shown = (unit, value) => {
  if (value == null) return "";
  if (unit !== "s") return String(Math.round(value * 100) / 100);
  if (value >= 3600) return `${Math.round(value / 360) / 10} h`;
  if (value >= 60) return `${Math.round(value / 6) / 10} min`;
  return value >= 1 || value === 0 ? `${Math.round(value * 10) / 10} s` : `${Math.round(value * 1000)} ms`;
};

// Of stacked lines each is drawn down to the ground, the highest first; the legend tells its own part.
function stacked(chart) {
  const sums = chart.points.map(() => 0);
  const heights = chart.lines.map((line) => line.values.map((value, index) => (sums[index] += value ?? 0)));
  return heights.reverse();
}

function options(chart, lines, width, height) {
  const colours = ["--chart-1", "--chart-2", "--chart-3", "--chart-4", "--chart-5", "--chart-6", "--chart-7"].map(css);
  const axis = { stroke: css("--soft"), grid: { stroke: css("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const bars = chart.unit !== "s" ? uPlot.paths.bars({ size: [0.72, 26], radius: 0.15 }) : undefined;
  return {
    width, height, cursor: { points: { size: 7 } }, tzDate: inUtc, scales: { x: { range: (_, low, high) => [low - chart.step / 2, high + chart.step / 2] }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    legend: { isolate: false },
    axes: [{ ...axis, space: 70, size: 46, values: (_, places) => ticks(places) }, { ...axis, size: 56, space: 36, values: (_, heights) => heights.map((tick) => shown(chart.unit, tick)) }],
    series: [{ label: "UTC", value: (_, at) => (at == null ? "" : full(at)) }, ...lines.map((line) => ({
      label: line.label, stroke: colours[line.colour % colours.length], width: bars ? 0 : 2, paths: bars, spanGaps: true,
      fill: bars ? colours[line.colour % colours.length] : undefined, points: { show: !bars, size: 5, fill: colours[line.colour % colours.length] },
      value: (_, __, ___, index) => shown(chart.unit, index == null ? null : line.values[index]) || "–",
    }))],
  };
}

function draw(place, chart) {
  const lines = chart.lines.map((line, colour) => ({ ...line, colour }));
  const values = chart.stacked ? stacked(chart) : lines.map((line) => line.values);
  if (chart.stacked) lines.reverse();
  const size = place.clientWidth;
  return new uPlot(options(chart, lines, size, HEIGHT), [chart.points, ...values], place);
}

// Draws every chart anew, or only those whose numbers have changed.
function all({ changed = false } = {}) {
  const places = [...document.querySelectorAll("[data-chart]")];
  for (const [place, one] of drawn) {
    if (places.includes(place)) continue;
    one.plot.destroy();
    drawn.delete(place);
  }
  for (const place of places) {
    const text = document.getElementById(place.dataset.chart).textContent;
    const before = drawn.get(place);
    if (changed && before?.text === text) continue;
    before?.plot.destroy();
    drawn.set(place, { text, plot: draw(place, JSON.parse(text)) });
  }
}

let width = innerWidth;
let waiting = 0;
all();
document.addEventListener("console:live", () => all({ changed: true }));
document.addEventListener("console:theme", () => all());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all());
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(all, 150);
});
