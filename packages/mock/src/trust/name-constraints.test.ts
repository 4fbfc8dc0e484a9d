import {
  distinguishedName,
  extension,
  makeAuthority,
  makeCertificate,
  sequence,
  tlv,
} from "@roles-anywhere/testing";
import type { CertificateSpec } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { mockAccepts, opensslAccepts } from "../../test/support/path-verdicts.ts";

const FORMS = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87 } as const;
type Form = keyof typeof FORMS;

/** A constraint of one form on one value. */
const constraint = (kind: "permitted" | "excluded", form: Form, value: string | Uint8Array): Buffer =>
  extension(
    "2.5.29.30",
    true,
    sequence(tlv(kind === "permitted" ? 0xa0 : 0xa1, sequence(tlv(FORMS[form], Buffer.from(value))))),
  );

function judge(extra: Buffer, leafSpec: CertificateSpec): { mock: boolean; openssl: boolean } {
  const root = makeAuthority();
  const issuer = makeAuthority({ subject: [["CN", "Intermediate"]], serialNumber: 2n, extra: [extra] }, root);
  const leaf = makeCertificate(leafSpec, issuer);
  return { mock: mockAccepts(leaf, [issuer], root), openssl: opensslAccepts(leaf, [issuer], root) };
}

/** A certificate with one alternative name. */
function leafWith(form: Form, name: string | Uint8Array): CertificateSpec {
  if (typeof name !== "string") return { ip: [name] };
  return form === "ip" ? {} : { [form]: [name] };
}

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const V6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] as const;

/** OpenSSL's verdict is named where it differs: it compares names whose syntax it did not check. */
type Row = readonly [
  value: string | Uint8Array,
  name: string | Uint8Array,
  accepted: boolean,
  openssl?: boolean,
];

const permitted: Readonly<Record<Form, readonly Row[]>> = {
  dns: [
    ["good.com", "good.com", true],
    ["good.com", "www.good.com", true],
    ["good.com", "*.good.com", true],
    ["good.com", "_service.good.com", true],
    [".good.com", "www.good.com", true],
    [".good.com", "good.com", false],
    ["good.com", "evil.com\0.good.com", false, true],
    ["good.com", "evil.com .good.com", false, true],
    ["good.com", "evil.com/.good.com", false, true],
    ["good.com", "evil..good.com", false, true],
    ["good.com", ".good.com", false, true],
    ["good.com", "good.com.", false],
    ["good.com", "-.good.com", false, true],
    ["good.com", "a.*.good.com", false, true],
    ["good.com", `${"a".repeat(64)}.good.com`, false, true],
    ["good.com.", "good.com", false],
    ["good .com", "www.good .com", false, true],
  ],
  uri: [
    ["good.com", "https://good.com/x", true],
    ["good.com", "https://user@good.com:8443/x?y#z", true, false],
    [".good.com", "https://a.good.com", true],
    ["good.com", "https://good.com@evil.com/", false],
    ["good.com", "https://x@y@good.com/", false],
    ["good.com", "https://good.com\\@evil.com/", false],
    ["good.com", "https://good.com\0.evil.com/", false],
    ["good.com", "mailto:good.com", false],
    ["192.0.2.1", "https://192.0.2.1/", false, true],
    ["good.com", "https://[2001:db8::1]/", false],
  ],
  email: [
    ["good.com", "a@good.com", true],
    [".good.com", "a@b.good.com", true],
    ["a@good.com", "a@GOOD.com", true],
    ["a@good.com", "A@good.com", false],
    ["good.com", "a@evil.com@good.com", false, true],
    ["good.com", "good.com", false],
    ["good.com", "a b@good.com", false, true],
    ["good.com", "a\0@good.com", false, true],
  ],
  ip: [
    [bytes(192, 0, 2, 0, 255, 255, 255, 0), bytes(192, 0, 2, 9), true],
    [bytes(...V6, ...V6.map(() => 255)), bytes(...V6), true],
    [bytes(192, 0, 2, 0, 255), bytes(192, 0, 2, 9), false],
    [bytes(192, 0, 2, 0, 255, 0, 255, 0), bytes(192, 9, 2, 9), false, true],
    [bytes(192, 0, 2, 0, 255, 255, 255, 0), bytes(192, 0, 2), false],
    [bytes(192, 0, 2, 0, 255, 255, 255, 0), bytes(...V6), false],
  ],
};

const excluded: Readonly<Record<Form, readonly Row[]>> = {
  dns: [
    ["evil.com", "good.com", true],
    ["evil.com", "notevil.com", true],
    ["evil.com", "EVIL.com", false],
    ["evil.com", "a.evil.com", false],
    ["evil.com", "evil.com.", false, true],
    ["evil.com", "evil.com..", false, true],
    ["evil.com", "evil.com ", false, true],
    ["evil.com", "evil.com\0", false, true],
    ["evil.com.", "evil.com", false, true],
    ["evil.com.", "good.com", false, true],
    ["a.evil.com", "*.evil.com", false, true],
    [".evil.com", "*.evil.com", false],
  ],
  uri: [
    ["evil.com", "https://good.com/", true],
    ["evil.com", "https://evil.com/", false],
    ["evil.com", "https://x@y@evil.com/", false, true],
    ["evil.com", "https://good.com#@evil.com/", true],
    ["evil.com", "https:evil.com/", false],
    ["evil.com", "//evil.com/", false],
  ],
  email: [
    ["evil.com", "a@good.com", true],
    ["evil.com", "a@EVIL.com", false],
    ["evil.com", '"a@good.com"@evil.com', false],
    ["evil.com", "a@evil.com ", false, true],
  ],
  ip: [
    [bytes(192, 0, 2, 0, 255, 255, 255, 0), bytes(192, 0, 3, 9), true],
    [bytes(192, 0, 2, 0, 255, 255, 255, 0), bytes(192, 0, 2, 9), false],
    [bytes(192, 0, 2, 0, 255), bytes(192, 0, 2, 9), false],
    [bytes(192, 0, 2, 0, 255, 255, 255, 0), bytes(192, 0, 2, 9, 9), false],
  ],
};

const show = (value: string | Uint8Array): string =>
  typeof value === "string" ? JSON.stringify(value) : `[${value.join(".")}]`;

const rows = (["permitted", "excluded"] as const).flatMap((kind) =>
  (["dns", "uri", "email", "ip"] as const).flatMap((form) =>
    (kind === "permitted" ? permitted : excluded)[form].map(
      ([value, name, accepted, openssl = accepted]) => ({
        title: `${accepted ? "allow" : "forbid"} the ${form} name ${show(name)} where ${show(value)} is ${kind}`,
        extra: constraint(kind, form, value),
        leaf: leafWith(form, name),
        accepted,
        openssl,
      }),
    ),
  ),
);

describe("name constraints", () => {
  it.each(rows)("$title", ({ extra, leaf, accepted, openssl }) => {
    expect(judge(extra, leaf)).toEqual({ mock: accepted, openssl });
  });

  it.each([
    ["letter case", "EXAMPLE"],
    ["blanks around and runs of them", "  Example "],
    ["a soft hyphen", "Exam\u00adple"],
    ["a zero width space", "Exam\u200bple"],
    ["a byte order mark", "\ufeffExample"],
    ["a variation selector", "Exam\ufe0fple"],
    ["a control character", "Exam\u0007ple"],
    ["a tag character", "Example\u{e0061}"],
    ["full width letters", "Ｅxample"],
  ])("forbid an excluded subject in spite of %s", (_, organization) => {
    const subtree = tlv(0xa4, distinguishedName([["O", "Example"]]));
    const extra = extension("2.5.29.30", true, sequence(tlv(0xa1, sequence(subtree))));
    const subject = [
      ["O", organization],
      ["CN", "client"],
    ] as const;
    expect(judge(extra, { subject }).mock).toBe(false);
  });

  it("give up on more comparisons than Go makes", () => {
    const subtrees = Array.from({ length: 600 }, (_, index) =>
      sequence(tlv(0x82, Buffer.from(`x${index}.example`))),
    );
    const extra = extension("2.5.29.30", true, sequence(tlv(0xa1, ...subtrees)));
    const dns = (count: number): string[] => Array.from({ length: count }, (_, index) => `h${index}.example`);
    expect(judge(extra, { dns: dns(10) }).mock).toBe(true);
    expect(judge(extra, { dns: dns(500) }).mock).toBe(false);
  });
});
