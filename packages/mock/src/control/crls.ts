import { z } from "zod";
import { notFound, validationError } from "../errors/service-error.ts";
import {
  aliasName,
  crlData,
  resourceIdentifier,
  resourceName,
  tagList,
  trustAnchorArn,
} from "../model/shapes.ts";
import { timestamp } from "../model/timestamp.ts";
import type { CrlRecord } from "../state/records.ts";
import { findByArn, resourceArn } from "../state/resource-arn.ts";
import type { State } from "../state/state.ts";
import { readRevocationLists } from "../trust/revocation.ts";
import { DerError } from "../trust/der.ts";
import { type Operation, operation } from "./operation.ts";
import {
  checkAliasName,
  checkQuota,
  commonOperations,
  describeAlias,
  findResource,
  type ResourceKind,
  uniqueTags,
  updateAliasName,
} from "./resource.ts";

export const MAX_CRLS_PER_TRUST_ANCHOR = 2;

const kind: ResourceKind<CrlRecord> = {
  type: "crl",
  operationNames: ["Crl", "Crls"],
  members: ["crl", "crls"],
  label: "CRL",
  records: (state) => state.crls,
  idOf: (record) => record.crlId,
  describe: describeCrl,
};

const importCrl = operation(
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
    return { crl: describeCrl(state, record) };
  },
);

const updateCrl = operation(
  { name: "UpdateCrl", method: "PATCH", path: "/crl/:crlId" },
  z.object({
    crlId: resourceIdentifier,
    name: resourceName.optional(),
    crlData: crlData.optional(),
    aliasName: aliasName.optional(),
  }),
  ({ state, clock }, input) => {
    const record = findResource(kind, state, input.crlId);
    checkAliasName(state.crls, input.aliasName, record);
    if (input.crlData !== undefined) checkCrlData(input.crlData);
    record.name = input.name ?? record.name;
    record.crlData = input.crlData ?? record.crlData;
    record.updatedAt = clock.now();
    const aliasChange = updateAliasName(record, input.aliasName);
    return { crl: { ...describeCrl(state, record), ...aliasChange } };
  },
);

export const crlOperations: readonly Operation[] = [importCrl, updateCrl, ...commonOperations(kind)];

/** A certificate revocation list as the service describes it; tags are not part of it. */
function describeCrl(state: State, record: CrlRecord) {
  const { crlId, crlArn, name, enabled, trustAnchorArn } = record;
  return {
    crlId,
    crlArn,
    name,
    enabled,
    crlData: Buffer.from(record.crlData).toString("base64"),
    trustAnchorArn,
    createdAt: timestamp(record.createdAt),
    updatedAt: timestamp(record.updatedAt),
    ...describeAlias(state, "crl", record.aliasName),
  };
}

/**
 * Checks that bytes are a PEM certificate revocation list. CreateSession checks its issuer, signature and dates when
 * it uses the list.
 *
 * @throws {ServiceError} 400
 */
function checkCrlData(bytes: Uint8Array): void {
  try {
    readRevocationLists(bytes);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw validationError(
      `Invalid CRL; a PEM-encoded X.509 certificate revocation list is required: ${error.message}`,
    );
  }
}
