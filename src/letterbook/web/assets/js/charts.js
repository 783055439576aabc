// Charts: <div class="chart" data-chart="id" role="img" aria-label="…"></div> and {{ option|json_script:"id" }} beside it.
// The option is ECharts' own; a colour is written as a token, "var(--color-primary)", and follows the theme.
import { BarChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import { DatasetComponent, GridComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, HeatmapChart, LineChart, ScatterChart, DatasetComponent, GridComponent, MarkLineComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);

const AXIS = {
  axisLabel: { color: "var(--color-faint)", fontSize: 11 },
  axisLine: { lineStyle: { color: "var(--color-line)" } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: "var(--color-line)" } },
};
// Nothing moves by itself, and a tooltip is drawn on the canvas: an HTML one would need inline styles.
const LOOK = {
  color: ["var(--color-primary)", "var(--color-base-content)", "var(--color-edge)"],
  categoryAxis: { ...AXIS, splitLine: { show: false } },
  valueAxis: { ...AXIS, axisLine: { show: false } },
  timeAxis: { ...AXIS, splitLine: { show: false } },
  tooltip: {
    renderMode: "richText",
    backgroundColor: "var(--color-base-100)",
    borderColor: "var(--color-line)",
    textStyle: { color: "var(--color-base-content)", fontSize: 12 },
    axisPointer: { lineStyle: { color: "var(--color-edge)" } },
  },
};

const charts = new Map();
const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => charts.get(target)?.resize()));

start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
document.addEventListener("letterbook:theme", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

function start(root) {
  for (const place of root.querySelectorAll("[data-chart]")) if (!charts.has(place)) draw(place);
}

function drawAll() {
  for (const place of [...charts.keys()]) {
    charts.get(place).dispose();
    charts.delete(place);
    if (place.isConnected) draw(place);
    else sizes.unobserve(place);
  }
}

function draw(place) {
  const option = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const look = { ...LOOK, textStyle: { fontFamily: getComputedStyle(place).fontFamily, color: "var(--color-base-content)" } };
  charts.set(place, init(place, coloured(look)));
  charts.get(place).setOption(coloured({ animation: false, ...option }));
  sizes.observe(place);
}

function coloured(value) {
  if (typeof value === "string") return value.replace(/var\((--[\w-]+)\)/g, (_, name) => colour(name));
  if (Array.isArray(value)) return value.map(coloured);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, coloured(inner)]));
  return value;
}

// ECharts does not read oklch(): a pixel in that colour tells its red, green and blue.
function colour(name) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
  return `rgba(${red},${green},${blue},${(alpha / 255).toFixed(3)})`;
}
