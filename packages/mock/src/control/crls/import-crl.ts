import { z } from "zod";
import type { CrlRecord } from "../../state/records.ts";
import { aliasName, crlData, resourceName, tagList, trustAnchorArn } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { checkAliasName } from "../resources/aliases.ts";
import { checkQuota } from "../resources/check-quota.ts";
import { findByArn, resourceArn } from "../../state/resource-arn.ts";
import { uniqueTags } from "../resources/tags.ts";
import { notFound } from "../../errors/service-error.ts";
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
    // Only the ARN itself counts here, not that of an alias.
    const anchor = findByArn(state, "trust-anchor", state.trustAnchors, input.trustAnchorArn);
    if (anchor === undefined) throw notFound(`Trust anchor ${input.trustAnchorArn} was not found.`);
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
