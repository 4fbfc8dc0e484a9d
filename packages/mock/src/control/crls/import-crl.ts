import { z } from "zod";
import type { CrlRecord, TrustAnchorRecord } from "../../state/records.ts";
import type { State } from "../../state/state.ts";
import { aliasName, crlData, resourceName, tagList, trustAnchorArn } from "../model/shapes.ts";
import { operation } from "../operation.ts";
import { checkAliasName } from "../resources/aliases.ts";
import { checkQuota } from "../resources/check-quota.ts";
import { resourceArn } from "../resources/find-resource.ts";
import { uniqueTags } from "../resources/tags.ts";
import { notFound } from "../service-error.ts";
import { checkCrlData } from "./check-crl-data.ts";
import { crlDetails } from "./details.ts";

export const MAX_CRLS_PER_TRUST_ANCHOR = 2;

export const importCrl = operation(
  { name: "ImportCrl", method: "POST", path: "/crls", status: 201 },
  z.object({
    name: resourceName,
    crlData,
    enabled: z.boolean().optional(),
    tags: tagList.optional(),
    trustAnchorArn,
    aliasName: aliasName.optional(),
  }),
  ({ state, clock, uuid }, input) => {
    checkAliasName(state.crls, input.aliasName);
    const anchor = findByArn(state, input.trustAnchorArn);
    checkCrlData(input.crlData);
    const siblings = [...state.crls.values()].filter((crl) => crl.trustAnchorArn === anchor.trustAnchorArn);
    checkQuota("CRLs per trust anchor", siblings.length, MAX_CRLS_PER_TRUST_ANCHOR);
    const crlId = uuid();
    const now = clock.now();
    const record: CrlRecord = {
      crlId,
      crlArn: resourceArn(state, "crl", crlId),
      name: input.name,
      enabled: input.enabled ?? false,
      createdAt: now,
      updatedAt: now,
      tags: uniqueTags(input.tags ?? []),
      trustAnchorArn: anchor.trustAnchorArn,
      crlData: input.crlData,
      aliasName: input.aliasName || undefined,
    };
    state.crls.set(crlId, record);
    return { crl: crlDetails(state, record) };
  },
);

/** Only the ARN itself counts here, not that of an alias. */
function findByArn(state: State, arn: string): TrustAnchorRecord {
  const prefix = resourceArn(state, "trust-anchor", "");
  const found = arn.startsWith(prefix) ? state.trustAnchors.get(arn.slice(prefix.length)) : undefined;
  if (found === undefined) throw notFound(`Trust anchor ${arn} was not found.`);
  return found;
}
