import { html, shorten } from "./markup.ts";
import type { Markup } from "./markup.ts";
import type { BenchRecord, SoakRecord } from "./records.ts";

const WIDTH = 900;
const LEFT = 64;
const RIGHT = 16;
const PLOT = { top: 12, height: 120 };

/** A line of a chart: its name, its class in the page's styles, and one value for each sample. */
interface Line {
  readonly name: string;
  readonly style: "first" | "second";
  readonly values: readonly number[];
}

interface Mark {
  readonly x: number;
  readonly text: string;
  readonly style: "renewal" | "fault";
}

/** Draws a soak as three charts with one time axis: requests, latencies, memory. Renewals and faults are upright lines. */
export function drawSoak({ samples, renewals, faults }: SoakRecord): Markup {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return html`<p class="note">No samples.</p>`;
  const begin = Date.parse(first.at);
  const milliseconds = Math.max(1, Date.parse(last.at) - begin);
  const xAt = (at: string): number =>
    LEFT +
    ((WIDTH - LEFT - RIGHT) * Math.min(Math.max(0, Date.parse(at) - begin), milliseconds)) / milliseconds;
  const xs = samples.map(({ at }) => xAt(at));
  const marks: Mark[] = [
    ...renewals.map(({ at, text }) => ({ x: xAt(at), text, style: "renewal" as const })),
    ...faults.map(({ at, text }) => ({ x: xAt(at), text, style: "fault" as const })),
  ];
  const chart = (title: string, unit: string, lines: readonly Line[]): Markup =>
    drawLines(title, unit, xs, lines, marks, milliseconds / 1000);
  return html`${chart("Requests per second", "", [
    { name: "requests", style: "first", values: samples.map(({ requests }) => requests) },
    { name: "failures", style: "second", values: samples.map(({ failures }) => failures) },
  ])}
  ${chart("Latency", " ms", [
    { name: "median", style: "first", values: samples.map(({ p50Milliseconds }) => p50Milliseconds) },
    {
      name: "99th percentile",
      style: "second",
      values: samples.map(({ p99Milliseconds }) => p99Milliseconds),
    },
  ])}
  ${chart("Resident memory", " MB", [
    { name: "memory", style: "first", values: samples.map(({ rssBytes }) => rssBytes / 2 ** 20) },
  ])}`;
}

function drawLines(
  title: string,
  unit: string,
  xs: readonly number[],
  lines: readonly Line[],
  marks: readonly Mark[],
  seconds: number,
): Markup {
  const top = niceCeiling(Math.max(...lines.flatMap(({ values }) => values)));
  const bottom = PLOT.top + PLOT.height;
  const yOf = (value: number): number => bottom - (PLOT.height * value) / top;
  const pointsOf = (values: readonly number[]): string =>
    values.map((value, index) => `${(xs[index] ?? LEFT).toFixed(1)},${yOf(value).toFixed(1)}`).join(" ");
  return html`<figure>
    <figcaption>
      ${title} ${lines.map(({ name, style }) => html`<span class="key ${style}">${name}</span> `)}
    </figcaption>
    <svg class="chart" viewBox="0 0 ${WIDTH} ${bottom + 22}" role="img" aria-label="${title}">
      ${[0, 0.5, 1].map(
        (part) =>
          html`<line
              class="grid"
              x1="${LEFT}"
              x2="${WIDTH - RIGHT}"
              y1="${yOf(top * part)}"
              y2="${yOf(top * part)}"
            />
            <text class="tick end" x="${LEFT - 8}" y="${yOf(top * part) + 4}"
              >${String(top * part)}${unit}</text
            >`,
      )}
      ${marks.map(
        ({ x, text, style }) =>
          html`<line class="${style}" x1="${x}" x2="${x}" y1="${PLOT.top}" y2="${bottom}"
            ><title>${text}</title></line
          >`,
      )}
      ${lines.map(({ style, values }) => html`<polyline class="${style}" points="${pointsOf(values)}" />`)}
      <text class="tick" x="${LEFT}" y="${bottom + 17}">0 s</text>
      <text class="tick end" x="${WIDTH - RIGHT}" y="${bottom + 17}">${seconds.toFixed(0)} s</text>
    </svg>
  </figure>`;
}

/** The next number of the form 1, 2, 3, 4, 5, 6 or 8 times a power of ten: the end of an axis with a round half. */
function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 3, 4, 5, 6, 8].find((factor) => factor * power >= value) ?? 10) * power;
}

const BAR_HEIGHT = 26;
const NAMES_WIDTH = 400;

/** Draws the ratios of benches as bars, each with its limit. A bar is red when it is beyond. */
export function drawBench(benches: readonly BenchRecord[]): Markup {
  const end = Math.max(...benches.flatMap(({ ratio, limit }) => [ratio, limit ?? 0]), 1);
  const scale = (WIDTH - NAMES_WIDTH - 130) / end;
  const height = BAR_HEIGHT * benches.length + 8;
  return html`<svg
    class="chart bars"
    viewBox="0 0 ${WIDTH} ${height}"
    role="img"
    aria-label="Ratios of the benches and their limits"
  >
    ${benches.map((bench, index) => {
      const { name, ratio, limit } = bench;
      const y = 4 + BAR_HEIGHT * index;
      const tone = limit === undefined ? "plain" : ratio > limit ? "bad" : "good";
      const x = NAMES_WIDTH + scale * ratio;
      const limitX = NAMES_WIDTH + scale * (limit ?? 0);
      return html`<g class="${tone}"
        ><title>${bench.package}: ${name}</title>
        <text class="tick end" x="${NAMES_WIDTH - 8}" y="${y + 16}"
          >${shorten(`${bench.package}: ${name}`, 60)}</text
        >
        <rect x="${NAMES_WIDTH}" y="${y + 3}" width="${scale * ratio}" height="${BAR_HEIGHT - 8}" rx="2" />
        ${limit === undefined ? undefined : html`<line class="limit" x1="${limitX}" x2="${limitX}" y1="${y}" y2="${y + BAR_HEIGHT - 2}" />`}
        <text class="tick" x="${Math.max(x, limitX) + 8}" y="${y + 16}"
          >${ratio.toFixed(2)} ×${limit === undefined ? "" : ` of ${limit}`}</text
        ></g
      >`;
    })}
  </svg>`;
}
