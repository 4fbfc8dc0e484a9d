import { drawBench, drawSoak } from "./charts.ts";
import { html } from "./markup.ts";
import type { Markup } from "./markup.ts";
import type { BenchRecord, DrillRecord, SessionRecord, SoakRecord } from "./records.ts";
import { drawSequence } from "./sequence.ts";
import { STYLES } from "./styles.ts";
import { figuresOf, recordsOf, titleOf } from "./figures.ts";
import type { Log } from "./figures.ts";

/**
 * Makes the report as one HTML file. It loads nothing, and its policy forbids that and scripts.
 *
 * @param logs the logs of all runs, as `readEventLogs` returns them
 * @param now when the report is made
 */
export function renderPage(logs: readonly Log[], now = new Date()): string {
  const records = logs.flatMap((log) => log.records);
  const drills = recordsOf(records, "drill");
  const soaks = recordsOf(records, "soak");
  const benches = recordsOf(records, "bench");
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>Roles Anywhere Kit: report</title>
        <style>
          ${STYLES}
        </style>
      </head>
      <body>
        <header>
          <h1>Roles Anywhere Kit: what happened</h1>
          <p class="lead">
            Made ${now.toISOString().slice(0, 16).replace("T", " ")} UTC from
            ${logs.length === 1 ? "one log" : `${logs.length} logs`}. Nothing here is a secret: it has no key,
            no token and no signature.
          </p>
          <ul class="chips">
            ${figuresOf(records).map(({ name, value, tone }) => html`<li class="${tone}"><b>${value}</b>${name}</li>`)}
          </ul>
        </header>
        <main>
          ${
            drills.length > 0
              ? html`<h2>Drills</h2>
                  ${drills.map(renderDrill)}`
              : undefined
          }
          ${soaks.map(renderSoak)} ${benches.length > 0 ? renderBenches(benches) : undefined}
          ${logs.map(renderRun)}
        </main>
        <footer>
          ${
            logs.some(({ records: all }) => recordsOf(all, "run").some(({ backend }) => backend === "aws"))
              ? "Runs on the aws back end worked in an account of AWS, which does not show their CreateSession calls here."
              : "LocalStack answers in place of AWS, and the mock in place of IAM Roles Anywhere: this report shows no call to AWS."
          }
        </footer>
      </body>
    </html> `;
  return page.text;
}

function renderRun(log: Log): Markup | undefined {
  const picture = drawSequence(log.records);
  if (picture === undefined) return undefined;
  const sessions = recordsOf(log.records, "session");
  return html`<section>
    <h2>${titleOf(log)}</h2>
    ${picture}
    ${sessions.length > 0 ? renderSessions(sessions) : html`<p class="note">No CreateSession call was recorded.</p>`}
  </section>`;
}

function renderSessions(sessions: readonly SessionRecord[]): Markup {
  return html`<h3>CreateSession calls: ${sessions.length}</h3>
    <table>
      <thead>
        <tr>
          <th>Time</th>
          <th>Verdict</th>
          <th>Reason</th>
          <th>Certificate and role</th>
        </tr>
      </thead>
      <tbody>
        ${sessions.map((session) => {
          const { at, verdict, status, reason, expected, received, remedy, subject, roleArn } = session;
          return html`<tr>
            <td><time>${at.slice(11, 19)}</time></td>
            <td class="verdict ${verdict === "granted" ? "good" : "bad"}">
              ${verdict === "granted" ? "✓" : "✗"} ${status} ${verdict}
            </td>
            <td>
              ${reason && html`<code>${reason}</code>`}${expected && html`<br />expected: ${expected}`}${received && html`<br />received: ${received}`}${remedy && html`<br />remedy: ${remedy}`}
            </td>
            <td>${subject}${roleArn && html`<br /><code>${roleArn}</code>`}</td>
          </tr> `;
        })}
      </tbody>
    </table>`;
}

function renderDrill({ title, claim, steps, verdict, seconds }: DrillRecord): Markup {
  return html`<article class="drill">
    <h3>
      ${title}
      <span class="verdict ${verdict === "passed" ? "good" : "bad"}"
        >${verdict === "passed" ? "✓ passed" : "✗ failed"}</span
      >
    </h3>
    <p>${claim} <span class="note">${seconds.toFixed(1)} s</span></p>
    <table>
      <thead>
        <tr>
          <th>Step</th>
          <th>Expected</th>
          <th>Seen</th>
          <th></th>
        </tr>
      </thead>
      <tbody>
        ${steps.map(
          (step) =>
            html`<tr>
              <td>${step.text}</td>
              <td>${step.expected}</td>
              <td>${step.seen}</td>
              <td class="verdict ${step.passed ? "good" : "bad"}">${step.passed ? "✓" : "✗"}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </article> `;
}

function renderSoak(soak: SoakRecord): Markup {
  const events = [...soak.renewals, ...soak.faults].toSorted((a, b) => a.at.localeCompare(b.at));
  return html`<section>
    <h2>Soak: ${soak.name}</h2>
    ${drawSoak(soak)}
    <p class="note">
      Dotted: credentials were renewed (${soak.renewals.length}). Dashed: something was made to fail
      (${soak.faults.length}).
    </p>
    ${
      events.length > 0
        ? html`<table>
            <thead>
              <tr>
                <th>Time</th>
                <th>Event</th>
              </tr>
            </thead>
            <tbody>
              ${events.map(
                ({ at, text }) =>
                  html`<tr>
                    <td><time>${at.slice(11, 19)}</time></td>
                    <td>${text}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
        : undefined
    }
  </section>`;
}

function renderBenches(benches: readonly BenchRecord[]): Markup {
  return html`<section>
    <h2>Benches</h2>
    <p class="note">
      Each figure is a ratio of two measurements of one run, so the speed of the machine hardly matters. The
      line is the limit.
    </p>
    ${drawBench(benches)}
  </section>`;
}
