import { html, shorten } from "./markup.ts";
import type { Markup } from "./markup.ts";
import type { ReportRecord } from "./records.ts";

const ACTORS = ["You", "PKI", "CloudFormation", "Roles Anywhere", "Server", "S3"] as const;
type Actor = (typeof ACTORS)[number];

/** A line of the picture: who did what to whom, when. */
interface Row {
  readonly at: number;
  readonly phase: 1 | 2 | 3;
  readonly from: Actor;
  readonly to: Actor;
  readonly label: string;
  readonly tone: "plain" | "good" | "bad";
}

const PHASES = { 1: "1 · PKI", 2: "2 · Infrastructure", 3: "3 · Signer and app" } as const;

/** More rows make no better picture. The tables of the report have all. */
const MAX_ROWS = 80;
const ROW_HEIGHT = 26;
const TOP = 44;
const LEFT = 215;
const GAP = 150;
const WIDTH = LEFT + GAP * (ACTORS.length - 1) + 150;

/**
 * Draws what happened in a run as a sequence picture: time goes down, and an arrow leads from who asked to who answered.
 *
 * @returns undefined when nothing of the three phases was recorded
 */
export function drawSequence(records: readonly ReportRecord[]): Markup | undefined {
  const all = records.flatMap(rowsOf).toSorted((a, b) => a.at - b.at || a.phase - b.phase);
  const [first] = all;
  if (first === undefined) return undefined;
  const begin = Math.min(
    first.at,
    ...records.filter(({ kind }) => kind === "run").map((run) => Date.parse(run.at)),
  );
  const rows = all.slice(0, MAX_ROWS);
  const height = TOP + ROW_HEIGHT * rows.length + 14;
  const more =
    all.length > rows.length
      ? html`<p class="note">The picture has the first ${rows.length} of ${all.length} events.</p>`
      : undefined;
  return html`<div class="wide">
      <svg class="sequence" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="What happened, in order">
        <defs>
          <marker
            id="tip"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto-start-reverse"
          >
            <path d="M0 0 8 4 0 8z" fill="context-stroke" />
          </marker>
        </defs>
        ${bands(rows)}
        ${ACTORS.map(
          (actor) =>
            html`<text class="actor" x="${xOf(actor)}" y="18">${actor}</text>
              <line class="life" x1="${xOf(actor)}" x2="${xOf(actor)}" y1="28" y2="${height}" />`,
        )}
        ${rows.map((row, index) => drawRow(row, TOP + ROW_HEIGHT * (index + 0.5), (row.at - begin) / 1000))}
      </svg>
    </div>
    ${more}`;
}

function rowsOf(event: ReportRecord): Row[] {
  const at = Date.parse(event.at);
  switch (event.kind) {
    case "step": {
      const to = ({ 1: "PKI", 2: "CloudFormation", 3: "Server" } as const)[event.phase];
      const label = event.text.split(" ").slice(0, 2).join(" ");
      return [{ at, phase: event.phase, from: "You", to, label, tone: "plain" }];
    }
    case "stack-event": {
      if (event.status.endsWith("_IN_PROGRESS")) return [];
      const to = event.type.startsWith("AWS::S3::")
        ? "S3"
        : event.type.startsWith("AWS::RolesAnywhere::")
          ? "Roles Anywhere"
          : "CloudFormation";
      const label = `${event.type.replace("AWS::", "")} ${event.status}`;
      return [
        {
          at,
          phase: 2,
          from: "CloudFormation",
          to,
          label,
          tone: /^(CREATE|UPDATE|DELETE)_COMPLETE$/.test(event.status) ? "good" : "bad",
        },
      ];
    }
    case "session": {
      const isGranted = event.verdict === "granted";
      const label = `CreateSession: ${event.status} ${isGranted ? "granted" : (event.reason ?? "refused")}`;
      return [
        { at, phase: 3, from: "Server", to: "Roles Anywhere", label, tone: isGranted ? "good" : "bad" },
      ];
    }
    case "app-request": {
      const to = event.server === "s3" ? "S3" : "Server";
      const label = `${event.method} ${event.path}: ${event.status}`;
      return [{ at, phase: 3, from: "You", to, label, tone: event.status < 400 ? "good" : "bad" }];
    }
    default:
      return [];
  }
}

function xOf(actor: Actor): number {
  return LEFT + GAP * ACTORS.indexOf(actor);
}

/** A shade behind the rows of each phase, with its name beside it. */
function bands(rows: readonly Row[]): Markup[] {
  return rows.flatMap(({ phase }, index) => {
    if (rows[index - 1]?.phase === phase) return [];
    const next = rows.findIndex((row, other) => other > index && row.phase !== phase);
    const count = (next === -1 ? rows.length : next) - index;
    const y = TOP + ROW_HEIGHT * index;
    return html`<rect
        class="phase-${phase}"
        x="0"
        y="${y + 1}"
        width="${WIDTH}"
        height="${ROW_HEIGHT * count - 2}"
        rx="4"
      />
      <text class="phase" x="8" y="${y + 17}">${PHASES[phase]}</text>`;
  });
}

function drawRow({ from, to, label, tone }: Row, y: number, seconds: number): Markup {
  const time = html`<text class="time" x="${LEFT - 26}" y="${y + 4}">${seconds.toFixed(1)} s</text>`;
  const title = html`<title>${label}</title>`;
  if (from === to) {
    return html`<g class="${tone}"
      >${title}${time}<circle cx="${xOf(to)}" cy="${y}" r="4" />
      <text class="label" x="${xOf(to) + 10}" y="${y + 4}">${shorten(label, 42)}</text></g
    >`;
  }
  const [left, right] = [xOf(from), xOf(to)].toSorted((a, b) => a - b);
  const width = Number(right) - Number(left);
  const end = xOf(to) + (xOf(to) > xOf(from) ? -2 : 2);
  // A label has room over its arrow when that is long; else it begins beside it.
  const long = width >= 2 * GAP;
  const x = long ? (Number(left) + Number(right)) / 2 : Number(right) + 8;
  return html`<g class="${tone}"
    >${title}${time}<line
      class="arrow"
      x1="${xOf(from)}"
      x2="${end}"
      y1="${long ? y + 7 : y}"
      y2="${long ? y + 7 : y}"
      marker-end="url(#tip)"
    />
    <text class="${long ? "label middle" : "label"}" x="${x}" y="${long ? y + 2 : y + 4}"
      >${shorten(label, long ? Math.round(width / 7) : 44)}</text
    ></g
  >`;
}
