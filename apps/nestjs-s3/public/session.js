// The panel: who the server is for AWS, and how long its session and its certificate last.
import { ask, clock, dateOnly, element, now, show, showProblem, timeOnly, write } from "./common.js";

/**
 * @typedef {{
 *   account: string, arn: string, credentialSource: "profile" | "in-process",
 *   credentialsObtainedAt: string | null, credentialsExpireAt: string | null,
 *   certificate: { subject: string, notAfter: string, daysLeft: number } | null,
 * }} Identity
 */

/** How often the server is asked, in milliseconds. It renews its session by itself; the page only looks. */
const LOOK_EVERY_MS = 15_000;
/** The server renews a session when less than this is left, or half of a shorter one. In milliseconds. */
const RENEWAL_MARGIN_MS = 5 * 60_000;
/** A certificate with fewer days than this needs attention, as readiness says. */
const FEW_DAYS = 14;

const panel = element("session", HTMLElement);
const life = element("session-life", HTMLProgressElement);

/** @type {Identity | undefined} */
let identity;

async function look() {
  const answer = await ask("api/identity");
  if ("problem" in answer) {
    identity = undefined;
    showProblem(panel, answer.problem, () => void look());
    return;
  }
  const previous = identity;
  identity = /** @type {Identity} */ (answer.body);
  fill(identity);
  const renewed = previous !== undefined && previous.credentialsObtainedAt !== identity.credentialsObtainedAt;
  if (renewed && identity.credentialsObtainedAt !== null) {
    write("session-renewal", `Renewed at ${timeOnly.format(new Date(identity.credentialsObtainedAt))}.`);
    panel.classList.remove("renewed");
    // The animation starts anew when the class comes back in another frame.
    requestAnimationFrame(() => panel.classList.add("renewed"));
  }
  show(panel, "ready");
  tick();
}

/** @param {Identity} identity */
function fill({ arn, account, credentialSource, certificate }) {
  const [, role = arn, name = ""] = arn.split(":").at(-1)?.split("/") ?? [];
  write("session-role", role);
  write("session-name", name);
  write("session-account", account);
  write(
    "session-source",
    credentialSource === "profile"
      ? "an AWS profile, by its credential process"
      : "Roles Anywhere, asked by this server",
  );
  write("certificate-subject", certificate?.subject ?? "not known to this server");
  write(
    "session-summary",
    certificate === null ? role : `${role}, certificate: ${certificate.daysLeft} days`,
  );
  write("certificate-life", certificate === null ? "" : certificateLife(certificate));
  element("certificate-life", HTMLElement).classList.toggle(
    "attention",
    certificate !== null && certificate.daysLeft < FEW_DAYS,
  );
}

/** @param {{ notAfter: string, daysLeft: number }} certificate */
function certificateLife({ notAfter, daysLeft }) {
  const date = dateOnly.format(new Date(notAfter));
  if (daysLeft < 0) return `expired on ${date}`;
  return `${daysLeft} ${daysLeft === 1 ? "day" : "days"} left, until ${date}`;
}

/** Moves clock and bar. */
function tick() {
  if (identity === undefined) return;
  const { credentialsExpireAt, credentialsObtainedAt } = identity;
  if (credentialsExpireAt === null || credentialsObtainedAt === null) {
    write("session-left", "∞");
    write("session-until", "these credentials do not expire");
    life.value = 1;
    return;
  }
  const end = Date.parse(credentialsExpireAt);
  const whole = end - Date.parse(credentialsObtainedAt);
  const left = Math.max(0, end - now());
  const margin = Math.min(RENEWAL_MARGIN_MS, whole / 2);
  write("session-left", clock(left));
  write("session-until", `left, until ${timeOnly.format(new Date(end))}`);
  life.value = Math.min(1, left / whole);
  element("session-bar", HTMLElement).style.setProperty("--renewal", `${(100 * margin) / whole}%`);
  const status = element("session-renewal", HTMLElement);
  if (left <= margin) write("session-renewal", "The next request renews it.");
  else if (!status.textContent?.startsWith("Renewed at")) {
    write("session-renewal", `Renews by itself after ${timeOnly.format(new Date(end - margin))}.`);
  }
}

// On a small screen the list matters more. A large one has no summary to open the details with.
const large = matchMedia("(min-width: 60rem)");
const unfold = () => (element("session-details", HTMLDetailsElement).open = large.matches);
large.addEventListener("change", unfold);
unfold();
setInterval(tick, 1000);
setInterval(() => {
  if (document.visibilityState === "visible") void look();
}, LOOK_EVERY_MS);
void look();
