// Draws panels of a Grafana dashboard, with the values that Prometheus has for them, as an HTML page: numbers, and
// lines by uPlot. Only what deploy/grafana uses.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface Panel {
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; legendFormat?: string }[];
  fieldConfig?: {
    defaults: {
      unit?: string;
      mappings?: { options: Record<string, { text: string }> }[];
      thresholds?: { steps: { color: string; value: number | null }[] };
    };
  };
}

export interface Series {
  label: string;
  values: [time: number, value: number][];
}

export interface Drawn {
  panel: Panel;
  series: Series[];
}

/** Pixels of a column and of a row of the dashboard's grid. */
const grid = { column: 65, row: 38 };
const colours = ['#73bf69', '#f2cc0c', '#5794f2', '#ff780a', '#f2495c', '#b877d9', '#8ab8ff', '#ffee52'];

/** Returns the page. It loads nothing. */
export async function drawPanels(drawn: readonly Drawn[]): Promise<string> {
  const folder = new URL('.', import.meta.resolve('uplot'));
  const read = (file: string) => readFile(fileURLToPath(new URL(file, folder)), 'utf8');
  const [script, style] = [await read('uPlot.iife.min.js'), await read('uPlot.min.css')];
  const height = Math.max(...drawn.map(({ panel }) => panel.gridPos.y + panel.gridPos.h)) * grid.row;
  const data = JSON.stringify({ drawn: drawn.map(dataOf), colours }).replaceAll('<', '\\u003c');
  return `<!doctype html><meta charset="utf-8"><style>${style}${ownStyle}</style>
<body style="height:${height}px">${drawn.map(boxOf).join('')}</body>
<script>${script}</script><script>const input=${data};(${drawLines})(input)</script>`;
}

const ownStyle = `
body{margin:8px;position:relative;background:#111217;color:#ccccdc;font:13px sans-serif}
.panel{position:absolute;box-sizing:border-box;background:#181b1f;border:1px solid #2a2c33;border-radius:3px;padding:6px 8px;overflow:hidden}
.row{position:absolute;font-weight:bold;padding:10px 2px}
.title{font-weight:500;margin-bottom:4px}
.value{font-size:42px;text-align:center;margin-top:26px}
.uplot,.u-legend{color:#ccccdc;font:12px sans-serif;text-align:left}`;

function boxOf({ panel, series }: Drawn, at: number): string {
  const { x, y, w, h } = panel.gridPos;
  const place = `left:${x * grid.column + 8}px;top:${y * grid.row}px`;
  if (panel.type === 'row') return `<div class="row" style="${place}">${panel.title}</div>`;
  const size = `width:${w * grid.column - 8}px;height:${h * grid.row - 8}px`;
  const inside = panel.type === 'stat' ? numberOf(panel, series) : `<div id="panel-${at}"></div>`;
  return `<div class="panel" style="${place};${size}"><div class="title">${panel.title}</div>${inside}</div>`;
}

function numberOf({ fieldConfig }: Panel, [first]: Series[]): string {
  const value = first?.values.at(-1)?.[1];
  if (value === undefined) return '<div class="value">No data</div>';
  const { mappings = [], thresholds } = fieldConfig?.defaults ?? {};
  const text = mappings.map(({ options }) => options[value]?.text).find((found) => found !== undefined) ?? value;
  const colour = thresholds?.steps.findLast((step) => step.value === null || value >= step.value)?.color ?? 'green';
  return `<div class="value" style="color:${colour === 'green' ? colours[0] : colour}">${text}</div>`;
}

/** Returns the lines of a panel in the form of uPlot: the times, then the values of each line at these times. */
function dataOf({ panel, series }: Drawn) {
  const times = [...new Set(series.flatMap(({ values }) => values.map(([time]) => time)))].sort((a, b) => a - b);
  const lines = series.map(({ values }) => {
    const byTime = new Map(values);
    return times.map((time) => byTime.get(time) ?? null);
  });
  return {
    isDrawn: panel.type === 'timeseries',
    width: panel.gridPos.w * grid.column - 26,
    height: panel.gridPos.h * grid.row - 62,
    unit: panel.fieldConfig?.defaults.unit ?? 'short',
    labels: series.map(({ label }) => label),
    data: [times, ...lines],
  };
}

/** The script of the page. Runs in the browser, so it uses nothing from outside. */
const drawLines = `({ drawn, colours }) => {
  const shown = {
    percentunit: (value) => Math.round(value * 1000) / 10 + ' %',
    bytes: (value) => Math.round(value / 2 ** 20) + ' MiB',
    s: (value) => Math.round(value * 10000) / 10 + ' ms',
  };
  drawn.forEach(({ isDrawn, width, height, unit, labels, data }, at) => {
    if (!isDrawn) return;
    const element = document.getElementById('panel-' + at);
    if (labels.length === 0) return void (element.textContent = 'No data');
    const format = shown[unit] ?? ((value) => String(value));
    const axis = { stroke: '#8e8e9e', grid: { stroke: '#2a2c33', width: 1 } };
    const lines = labels.map((label, of) => ({ label, stroke: colours[of % colours.length], width: 1.5, points: { show: false } }));
    const axes = [axis, { ...axis, size: 70, values: (_, values) => values.map(format) }];
    const scales = { y: { range: (_, least, most) => [0, (most || 1) * 1.1] } };
    new uPlot({ width, height, series: [{}, ...lines], axes, scales, legend: { live: false } }, data, element);
  });
}`;
