// Fills the page from /api/files and /api/identity. Type-checked through public/tsconfig.json.

/** @typedef {{ fileName: string, size: number, lastModified: string, viewUrl: string }} StoredFile */
/** @typedef {{ account: string, arn: string, userId: string, credentialSource: "profile" | "in-process", credentialsExpireAt: string | null }} CallerIdentity */
/** @typedef {"loading" | "ready" | "empty" | "error"} State */

const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const duration = new Intl.RelativeTimeFormat(undefined, { numeric: "always" });
const wholeNumber = new Intl.NumberFormat();
const shortNumber = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element "${id}"`);
  return found;
}

/**
 * Shows the part of a section that fits its state and hides the others.
 *
 * @param {HTMLElement} section
 * @param {State} state
 */
function show(section, state) {
  section.setAttribute("aria-busy", String(state === "loading"));
  for (const part of section.querySelectorAll("[data-state]")) {
    part.toggleAttribute("hidden", part.getAttribute("data-state") !== state);
  }
}

/**
 * @param {HTMLElement} section
 * @param {string} title
 * @param {string} detail
 */
function showError(section, title, detail) {
  const strong = document.createElement("strong");
  strong.textContent = title;
  section.querySelector('[data-state="error"]')?.replaceChildren(strong, detail);
  show(section, "error");
}

/**
 * Loads one section: shows that it waits, then the data or the error.
 *
 * @template T
 * @param {HTMLElement} section
 * @param {string} path
 * @param {(body: T, headers: Headers) => State} fill
 */
async function load(section, path, fill) {
  show(section, "loading");
  try {
    const response = await fetch(path, { headers: { Accept: "application/json" } });
    const body = await response.json();
    if (response.ok) show(section, fill(body, response.headers));
    else showError(section, body.title, body.detail);
  } catch {
    showError(section, "The server cannot be reached", "Check that it still runs, then reload.");
  }
}

/** @param {number} bytes */
function readableSize(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${shortNumber.format(size)} ${units[unit]}`;
}

/**
 * Reads from a presigned link when it expires.
 *
 * @param {string} viewUrl
 * @returns {Date | undefined}
 */
function linkExpiry(viewUrl) {
  const query = new URL(viewUrl).searchParams;
  const [, year, month, day, hours, minutes, seconds] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get("X-Amz-Date") ?? "") ?? [];
  if (year === undefined) return undefined;
  const signedAt = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  return new Date(signedAt + Number(query.get("X-Amz-Expires")) * 1000);
}

/** @param {StoredFile} file */
function row({ fileName, size, lastModified, viewUrl }) {
  const template = element("row");
  if (!(template instanceof HTMLTemplateElement)) throw new Error("the row is no template");
  const copy = document.importNode(template.content, true);
  const [name, sizeCell, time, link] = [".name", ".size", "time", "a"].map((selector) =>
    copy.querySelector(selector),
  );
  if (!name || !sizeCell || !(time instanceof HTMLTimeElement) || !(link instanceof HTMLAnchorElement)) {
    throw new Error("the row lacks a cell");
  }
  name.textContent = fileName;
  sizeCell.textContent = readableSize(size);
  sizeCell.setAttribute("title", `${wholeNumber.format(size)} bytes`);
  time.dateTime = lastModified;
  time.textContent = dateAndTime.format(new Date(lastModified));
  link.href = viewUrl;
  link.setAttribute("aria-label", `View ${fileName} in a new tab`);
  return copy;
}

const loadFiles = () =>
  load(element("files"), "api/files", (/** @type {StoredFile[]} */ files, headers) => {
    const truncated = headers.get("X-Truncated") === "true";
    const count = wholeNumber.format(files.length);
    element("files-count").textContent = truncated ? `· the first ${count}` : `· ${count}`;
    element("files-rows").replaceChildren(...files.map(row));
    const [first] = files;
    if (first === undefined) return "empty";
    const expiry = linkExpiry(first.viewUrl);
    element("files-links").textContent =
      expiry === undefined ? "" : `Links work until ${timeOnly.format(expiry)}. Reload for new ones.`;
    return "ready";
  });

const loadCaller = () =>
  load(element("caller"), "api/identity", (/** @type {CallerIdentity} */ caller) => {
    element("caller-arn").textContent = caller.arn;
    element("caller-account").textContent = caller.account;
    element("caller-source").textContent = SOURCES[caller.credentialSource];
    element("caller-expiry").textContent = readableExpiry(caller.credentialsExpireAt);
    return "ready";
  });

/** @type {Record<CallerIdentity["credentialSource"], string>} */
const SOURCES = {
  profile: "an AWS profile and its credential process",
  "in-process": "Roles Anywhere, asked by this server itself",
};

/** @param {string | null} expireAt */
function readableExpiry(expireAt) {
  if (expireAt === null) return "never";
  const expiry = new Date(expireAt);
  const minutes = Math.round((expiry.getTime() - Date.now()) / 60_000);
  return `${dateAndTime.format(expiry)} (${duration.format(minutes, "minute")})`;
}

const button = element("reload");

// The button uses aria-disabled: a button that is `disabled` loses the keyboard's focus.
async function reload() {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  element("files-count").textContent = "";
  await Promise.all([loadCaller(), loadFiles()]);
  button.setAttribute("aria-disabled", "false");
}

button.addEventListener("click", () => void reload());
void reload();
