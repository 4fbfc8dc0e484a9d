import { children, content, DerError, type DerNode, TAG } from "./der.ts";
import { type DistinguishedName, readName } from "./distinguished-name.ts";

/** One name of a SubjectAltName or of a name constraint (RFC 5280 §4.2.1.6). */
export type GeneralName =
  | { readonly kind: "dns" | "uri" | "email"; readonly value: string }
  | { readonly kind: "directory"; readonly value: DistinguishedName }
  | { readonly kind: "ip"; readonly value: Uint8Array }
  | { readonly kind: "other"; readonly tag: number };

/** Reads one GeneralName; kinds that neither tags nor constraints use are kept as `other`. */
export function readGeneralName(node: DerNode): GeneralName {
  switch (node.tag) {
    case 0x81:
      return { kind: "email", value: readIa5(node) };
    case 0x82:
      return { kind: "dns", value: readIa5(node) };
    case 0x86:
      return { kind: "uri", value: readIa5(node) };
    case 0x87:
      return { kind: "ip", value: content(node) };
    case 0xa4: {
      const [name, ...rest] = children(node);
      if (name === undefined || rest.length > 0) throw new DerError("a directory name is malformed");
      return { kind: "directory", value: readName(name) };
    }
    default:
      if (node.tag < 0x80 || node.tag === TAG.sequence) throw new DerError("a general name has no known tag");
      return { kind: "other", tag: node.tag };
  }
}

function readIa5(node: DerNode): string {
  const bytes = content(node);
  if (bytes.some((byte) => byte >= 0x80)) throw new DerError("a general name has bytes outside ASCII");
  return Buffer.from(bytes).toString("latin1");
}
